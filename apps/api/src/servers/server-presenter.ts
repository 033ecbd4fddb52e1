import { entityFrom, prepared, ServerEntity } from '@berth/database';
import type { ServerView } from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import type { Caller } from '../http/request-context';
import { isoTime } from '../http/time';
import { limitsView } from '../plans/limits-view';

/** What a server's answer takes from other tables. */
export interface Surroundings {
  plan: string;
  template: string;
  location: string;
  addresses: ServerView['addresses'];
  operation: string | null;
}

/** Of the servers `s` with their plans, templates and locations. */
const SURROUNDINGS = `
  s.id, p.name AS plan, t.name AS template, l.name AS location,
         coalesce((SELECT jsonb_agg(jsonb_build_object('address', host(a.address), 'family', a.family, 'prefix', a.prefix,
                                                       'rdns', a.rdns, 'primary', a.is_primary) ORDER BY a.family, a.id)
                     FROM addresses a WHERE a.server_id = s.id), '[]') AS addresses,
         (SELECT o.id FROM operations o
           WHERE o.server_id = s.id AND o.status IN ('pending', 'running') AND o.waits_for IS NULL) AS operation`;
const WITH_SURROUNDINGS = `
  servers s JOIN plans p ON p.id = s.plan_id JOIN templates t ON t.id = s.template_id JOIN locations l ON l.id = s.location_id`;

/** One round trip for a whole list. */
const SURROUNDINGS_SQL = prepared(
  'server_surroundings',
  `SELECT ${SURROUNDINGS} FROM ${WITH_SURROUNDINGS} WHERE s.id = ANY ($1::uuid[])`,
);

/** A server is asked for more often than anything else: its row and what is around it, at once. */
const SERVER_SQL = prepared(
  'server_by_id',
  `SELECT to_jsonb(s) AS server, ${SURROUNDINGS} FROM ${WITH_SURROUNDINGS}
    WHERE s.id = $1 AND ($2::uuid IS NULL OR s.tenant_id = $2) AND (s.deleted_at IS NULL OR s.deleted_at > $3)`,
);

/** Without a look into the database. */
export function serverView(server: ServerEntity, around: Surroundings, caller: Caller): ServerView {
  return {
    id: server.id,
    name: server.name,
    hostname: server.hostname,
    status: server.status,
    checkpointed: server.checkpointed,
    tenant_id: server.tenantId,
    ...(caller.role === 'operator' && { host_id: server.hostId }),
    plan: around.plan,
    template: around.template,
    location: around.location,
    limits: limitsView(server.limits),
    addresses: around.addresses,
    features: server.features,
    ...(caller.role === 'operator' && { devices: server.devices }),
    external_id: server.externalId,
    labels: server.labels,
    onboot: server.onboot,
    boot_order: server.bootOrder,
    operation: around.operation,
    protection: { delete: server.protectionDelete },
    suspension: Object.keys(server.suspension).length > 0 ? server.suspension : null,
    terminate_at: isoTime(server.terminateAt),
    created_at: isoTime(server.createdAt),
    deleted_at: isoTime(server.deletedAt),
  };
}

/** By server; needs nothing but ids, so that it can be asked beside the servers themselves. */
export async function surroundingsOf(
  em: EntityManager,
  ids: readonly string[],
): Promise<Map<string, Surroundings>> {
  if (ids.length === 0) return new Map();
  const rows: (Surroundings & { id: string })[] = await em.query(SURROUNDINGS_SQL, [ids]);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * The server of this id, as this caller may see it; null where there is none of `tenantId`, or of any with null, that was not
 * deleted or was since `deletedSince`, if that is given.
 */
export async function presentServerOfId(
  em: EntityManager,
  caller: Caller,
  id: string,
  { tenantId, deletedSince }: { tenantId: string | null; deletedSince: Date | null },
): Promise<ServerView | null> {
  const [row]: (Surroundings & { server: Record<string, unknown> })[] = await em.query(SERVER_SQL, [
    id,
    tenantId,
    deletedSince,
  ]);
  return row ? serverView(entityFrom(em.connection, ServerEntity, row.server), row, caller) : null;
}

/** Servers as this caller may see them. */
export async function presentServers(
  em: EntityManager,
  servers: ServerEntity[],
  caller: Caller,
): Promise<ServerView[]> {
  const around = await surroundingsOf(
    em,
    servers.map(({ id }) => id),
  );
  return servers.map((server) => serverView(server, around.get(server.id)!, caller));
}

export async function presentServer(
  em: EntityManager,
  server: ServerEntity,
  caller: Caller,
): Promise<ServerView> {
  return (await presentServers(em, [server], caller))[0]!;
}
