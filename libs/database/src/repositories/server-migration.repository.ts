import type { Capability, MigrationModeName, OperationInput } from '@berth/contracts';
import { BerthError, capabilitiesOf } from '@berth/domain';
import { IsNull, type EntityManager } from 'typeorm';
import { AddressEntity } from '../entities/address.entity';
import { HostEntity } from '../entities/host.entity';
import type { OperationEntity } from '../entities/operation.entity';
import type { ServerEntity } from '../entities/server.entity';
import { ServerMigrationEntity } from '../entities/server-migration.entity';
import { TemplateEntity } from '../entities/template.entity';
import { createOperation } from './operation.repository';
import { placeOnTarget, placeServer, type PlacementRequest } from './placement.repository';

type Wish = OperationInput<'migrate_server'>;

/** What both hosts must be able to do; a stopped server has no processes to bring along. */
export const migrationCapability = (server: ServerEntity, mode: MigrationModeName): Capability =>
  mode === 'live' && server.status === 'running' ? 'migrate:live' : 'migrate:offline';

/**
 * Chooses and locks the target, and holds room for the server there, in the transaction of the operation's request and with
 * the server's row locked. The first of the modes that some host can do decides. Throws `unsupported`, `no_capacity`,
 * `unavailable` (the server's host does not answer), `conflict` (it is there already).
 */
export async function reserveMigration(
  em: EntityManager,
  operation: Pick<OperationEntity, 'id'>,
  server: ServerEntity,
  wish: Wish,
): Promise<HostEntity> {
  const source = await em.findOneByOrFail(HostEntity, { id: server.hostId });
  assertMovable(server, source, wish);
  await assertNothingLeft(em, server);
  const request = await migrationRequest(em, server, source);
  const target = await firstThatCan([wish.mode, ...wish.fallback], (mode) => {
    const capability = migrationCapability(server, mode);
    if (!source.capabilities.includes(capability))
      throw new BerthError('unsupported', `the server's host can't do ${capability}`, { capability });
    const cgroup = capability === 'migrate:live' ? request.from.cgroup : null;
    const capabilities = [...request.capabilities, capability];
    const wanted = { ...request, from: { ...request.from, cgroup }, capabilities };
    return wish.host_id ? placeOnTarget(em, wish.host_id, wanted) : placeServer(em, wanted);
  });
  await em.insert(ServerMigrationEntity, {
    operationId: operation.id,
    serverId: server.id,
    sourceHostId: source.id,
    targetHostId: target.id,
    holdsOn: target.id,
    cpus: request.demand.cpus,
    ramBytes: request.demand.ram_bytes,
    diskBytes: request.demand.disk_bytes,
    leftTo: null,
    endedAt: null,
  });
  return target;
}

function assertMovable(server: ServerEntity, source: HostEntity, { host_id: targetId }: Wish): void {
  if (targetId === source.id) throw new BerthError('conflict', `the server is on ${source.name} already`);
  assertCanLeave(server, source);
}

/** Whatever the target: throws `unavailable`, `unsupported`. */
export function assertCanLeave(server: ServerEntity, source: HostEntity): void {
  if (!source.reachable) {
    const message = `the server's host ${source.name} does not answer: nothing can be fetched from it`;
    throw new BerthError('unavailable', message, { host_id: source.id });
  }
  if (server.devices.length === 0) return;
  const names = server.devices.map(({ device }) => device).join(', ');
  const message = `the server has devices of its host (${names}), which can't move: remove them first`;
  throw new BerthError('unsupported', message, { capability: 'devices' });
}

/** One way at a time: what the last one left would be in the way of the next, and of its books. */
export async function assertNothingLeft(em: EntityManager, { id: serverId }: ServerEntity): Promise<void> {
  const left = await em.findOneBy(ServerMigrationEntity, { serverId, endedAt: IsNull() });
  if (!left?.leftTo) return;
  const { name } = await em.findOneByOrFail(HostEntity, { id: left.sourceHostId });
  const message =
    `what the server left on ${name}, where it came from, has not been removed yet, since that host does not answer: ` +
    `operation ${left.leftTo} waits for it; cancel that if the host will not return`;
  throw new BerthError('conflict', message, { host_id: left.sourceHostId, operation_id: left.leftTo });
}

/** What a target has to offer to this server. */
export async function migrationRequest(
  em: EntityManager,
  server: ServerEntity,
  source: HostEntity,
): Promise<PlacementRequest & { from: NonNullable<PlacementRequest['from']> }> {
  const { architecture } = await em.findOneByOrFail(TemplateEntity, { id: server.templateId });
  const addresses = await em.find(AddressEntity, {
    where: { serverId: server.id },
    select: { family: true },
  });
  const families = new Set(addresses.map(({ family }) => `ipv${family}` as 'ipv4' | 'ipv6'));
  const [snapshots]: { bytes: string; count: number; with_memory: number }[] = await em.query(
    `SELECT coalesce(sum(size_bytes), 0) AS bytes, count(*)::int AS count, (count(*) FILTER (WHERE memory))::int AS with_memory
       FROM snapshots WHERE server_id = $1 AND deleted_at IS NULL`,
    [server.id],
  );
  const { count, with_memory: withMemory, bytes } = snapshots!;
  const cgroup = (source.facts as { cgroup?: string } | null)?.cgroup ?? null;
  return {
    locationId: server.locationId,
    architecture,
    demand: {
      cpus: server.cpus,
      ram_bytes: server.ramBytes,
      disk_bytes: server.diskBytes + Number(bytes),
    },
    capabilities: [
      ...capabilitiesOf(server.limits),
      ...server.features.map((feature) => `feature:${feature}` as const),
      ...families,
      ...(count > 0 ? (['snapshots'] as const) : []),
      ...(withMemory > 0 ? (['snapshots:memory'] as const) : []),
    ],
    from: { hostId: source.id, driver: source.driver, cgroup },
  };
}

/** Refused in all modes, it is the first refusal that says why. */
async function firstThatCan<T>(
  modes: readonly MigrationModeName[],
  place: (mode: MigrationModeName) => Promise<T>,
): Promise<T> {
  let first: unknown;
  for (const mode of modes) {
    try {
      return await place(mode);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/**
 * The server is on the target from here on, its addresses and snapshots with it; the room held there becomes its own, and
 * what it had at the source is held until nothing is left there. Once is enough: a second call changes nothing.
 */
export async function moveServerToTarget(em: EntityManager, operationId: string): Promise<void> {
  const migration = await em.findOneByOrFail(ServerMigrationEntity, { operationId });
  const { serverId, sourceHostId, targetHostId } = migration;
  await em.query('SELECT FROM servers WHERE id = $1 FOR UPDATE', [serverId]);
  // In one order whichever way servers move.
  await em.query('SELECT FROM hosts WHERE id IN ($1, $2) ORDER BY id FOR UPDATE', [
    sourceHostId,
    targetHostId,
  ]);
  await em.query('UPDATE servers SET host_id = $2, updated_at = now() WHERE id = $1 AND host_id = $3', [
    serverId,
    targetHostId,
    sourceHostId,
  ]);
}

/**
 * The source doesn't answer, and the server shall not wait for it: an operation of the host's own removes what is left
 * there, and until then it holds its room. Once is enough; gives that operation's id.
 */
export async function leaveSourceBehind(em: EntityManager, operation: OperationEntity): Promise<string> {
  const migration = await em.findOneOrFail(ServerMigrationEntity, {
    where: { operationId: operation.id },
    lock: { mode: 'pessimistic_write' },
  });
  if (migration.leftTo) return migration.leftTo;
  const { id } = await createOperation(em, {
    kind: 'clear_source',
    serverId: null,
    hostId: migration.sourceHostId,
    tenantId: null,
    requestedBy: operation.requestedBy,
    requestId: operation.requestId,
    input: {},
  });
  await em.update(ServerMigrationEntity, { operationId: operation.id }, { leftTo: id });
  return id;
}

/** Gives back what is held beside the server's own, unless what is left there still needs it. */
export async function endMigration(em: EntityManager, operationId: string): Promise<void> {
  await em.query(
    'UPDATE server_migrations SET ended_at = clock_timestamp() WHERE operation_id = $1 AND ended_at IS NULL AND left_to IS NULL',
    [operationId],
  );
}
