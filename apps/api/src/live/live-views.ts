import type { LiveEvents, Role } from '@berth/contracts';
import { OperationEntity, prepared, ServerEntity } from '@berth/database';
import { type EntityManager, In } from 'typeorm';
import type { Caller } from '../http/request-context';
import { presentOperations } from '../operations/operation-presenter';
import { presentServers } from '../servers/server-presenter';

type Owners = Map<string, string | null>;

const OWNERS = prepared(
  'live_owners',
  `SELECT id, tenant_id FROM operations WHERE id = ANY ($1::uuid[])
    UNION ALL SELECT id, tenant_id FROM servers WHERE id = ANY ($2::uuid[])`,
);

/** Whose these operations and servers are: null where they are the provider's. What is gone is left out. */
export async function ownersOf(em: EntityManager, operations: string[], servers: string[]): Promise<Owners> {
  if (operations.length + servers.length === 0) return new Map();
  const rows: { id: string; tenant_id: string | null }[] = await em.query(OWNERS, [operations, servers]);
  return new Map(rows.map((row) => [row.id, row.tenant_id]));
}

/** One event of a stream, as it goes over the wire. */
export const liveMessage = <N extends keyof LiveEvents>(name: N, data: LiveEvents[N]): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** Messages by id, for each kind of caller: only operators see hosts. */
export type MessagesFor = Record<'operator' | 'other', Map<string, string>>;

export const viewerOf = (role: Role): keyof MessagesFor => (role === 'operator' ? 'operator' : 'other');

const VIEWERS: readonly [keyof MessagesFor, Caller][] = (['operator', 'billing'] as const).map((role) => [
  viewerOf(role),
  { tokenId: '', role, scopes: ['read'], tenantId: null, tenantStatus: null },
]);

export async function operationMessages(em: EntityManager, ids: string[]): Promise<MessagesFor> {
  const messages: MessagesFor = { operator: new Map(), other: new Map() };
  if (ids.length === 0) return messages;
  const operations = await em.findBy(OperationEntity, { id: In(ids) });
  for (const [viewer, caller] of VIEWERS) {
    for (const view of await presentOperations(em, operations, caller))
      messages[viewer].set(view.id, liveMessage('operation', view));
  }
  return messages;
}

export async function serverMessages(em: EntityManager, ids: string[]): Promise<MessagesFor> {
  const messages: MessagesFor = { operator: new Map(), other: new Map() };
  if (ids.length === 0) return messages;
  const servers = await em.findBy(ServerEntity, { id: In(ids) });
  const alive = servers.filter(({ deletedAt }) => deletedAt === null);
  for (const [viewer, caller] of VIEWERS) {
    for (const view of await presentServers(em, alive, caller))
      messages[viewer].set(view.id, liveMessage('server', view));
    for (const { id, deletedAt } of servers)
      if (deletedAt !== null) messages[viewer].set(id, liveMessage('server', { id, deleted: true }));
  }
  return messages;
}
