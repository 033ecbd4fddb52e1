import type { ServerView } from '@berth/contracts';
import {
  AddressEntity,
  LocationEntity,
  OperationEntity,
  PlanEntity,
  type ServerEntity,
  TemplateEntity,
} from '@berth/database';
import { type EntityManager, type EntityTarget, In, IsNull, type ObjectLiteral } from 'typeorm';
import type { Caller } from '../http/request-context';
import { isoTime } from '../http/time';
import { limitsView } from '../plans/limits-view';

/** What a server's answer takes from other tables, read once for a whole list. */
interface Surroundings {
  names: Map<string, string>;
  addresses: Map<string, AddressEntity[]>;
  operations: Map<string, string>;
}

async function namesOf<E extends ObjectLiteral & { id: string; name: string }>(
  em: EntityManager,
  entity: EntityTarget<E>,
  ids: string[],
): Promise<[string, string][]> {
  const rows = await em
    .createQueryBuilder(entity, 'thing')
    .select(['thing.id', 'thing.name'])
    .where('thing.id IN (:...ids)', { ids: [...new Set(ids)] })
    .getMany();
  return rows.map((row) => [row.id, row.name]);
}

async function surroundingsOf(em: EntityManager, servers: ServerEntity[]): Promise<Surroundings> {
  const ids = servers.map((server) => server.id);
  const names = new Map([
    ...(await namesOf(
      em,
      PlanEntity,
      servers.map((server) => server.planId),
    )),
    ...(await namesOf(
      em,
      TemplateEntity,
      servers.map((server) => server.templateId),
    )),
    ...(await namesOf(
      em,
      LocationEntity,
      servers.map((server) => server.locationId),
    )),
  ]);
  const rows = await em.find(AddressEntity, {
    where: { serverId: In(ids) },
    order: { family: 'ASC', id: 'ASC' },
  });
  const addresses = new Map<string, AddressEntity[]>();
  for (const row of rows) addresses.set(row.serverId!, [...(addresses.get(row.serverId!) ?? []), row]);
  const active = await em.find(OperationEntity, {
    select: { id: true, serverId: true },
    where: { serverId: In(ids), status: In(['pending', 'running']), waitsFor: IsNull() },
  });
  return { names, addresses, operations: new Map(active.map((row) => [row.serverId!, row.id])) };
}

function serverView(server: ServerEntity, around: Surroundings, caller: Caller): ServerView {
  const nameOf = (id: string) => around.names.get(id) ?? '';
  return {
    id: server.id,
    name: server.name,
    hostname: server.hostname,
    status: server.status,
    tenant_id: server.tenantId,
    ...(caller.role === 'operator' && { host_id: server.hostId }),
    plan: nameOf(server.planId),
    template: nameOf(server.templateId),
    location: nameOf(server.locationId),
    limits: limitsView(server.limits),
    addresses: (around.addresses.get(server.id) ?? []).map((row) => ({
      address: row.address,
      family: row.family,
      prefix: row.prefix,
      rdns: row.rdns,
      primary: row.isPrimary,
    })),
    external_id: server.externalId,
    labels: server.labels,
    onboot: server.onboot,
    boot_order: server.bootOrder,
    operation: around.operations.get(server.id) ?? null,
    protection: { delete: server.protectionDelete },
    created_at: isoTime(server.createdAt),
    deleted_at: isoTime(server.deletedAt),
  };
}

/** Servers as this caller may see them. */
export async function presentServers(
  em: EntityManager,
  servers: ServerEntity[],
  caller: Caller,
): Promise<ServerView[]> {
  if (servers.length === 0) return [];
  const around = await surroundingsOf(em, servers);
  return servers.map((server) => serverView(server, around, caller));
}

export async function presentServer(
  em: EntityManager,
  server: ServerEntity,
  caller: Caller,
): Promise<ServerView> {
  return (await presentServers(em, [server], caller))[0]!;
}
