import type { UsageCsvQuery } from '@berth/contracts';
import { ServerEntity, type UsageFilter } from '@berth/database';
import type { EntityManager } from 'typeorm';
import { ownOnly, scopeOfList } from '../auth/tenant-scope';
import { notFound } from '../http/reference';
import type { Caller } from '../http/request-context';
import { invalidField } from '../http/validation.pipe';

const DAY_MS = 86_400_000;
const MAX_RANGE_DAYS = 400;

/** This month's beginning (UTC), or that of `months` later. */
export const monthOf = (now: Date, months = 0): Date =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months));

/**
 * Which records a query means. A server is found though it is deleted: it was used. Throws `not_found` for what is another
 * tenant's, `invalid_input` for a range that is empty or too long.
 */
export async function usageFilter(
  em: EntityManager,
  caller: Caller,
  query: UsageCsvQuery,
): Promise<UsageFilter> {
  const to = query.to === undefined ? new Date() : new Date(query.to * 1000);
  const from = query.from === undefined ? monthOf(to) : new Date(query.from * 1000);
  if (from >= to) throw invalidField('from', 'must be before `to`');
  if (+to - +from > MAX_RANGE_DAYS * DAY_MS)
    throw invalidField('from', `the range must not be longer than ${MAX_RANGE_DAYS} days`);
  const filter = { from, to, meters: query.meter };
  const tenantId = scopeOfList(caller, query.tenant_id);
  if (query.server_id === undefined) return { ...filter, tenantId };
  const server = await em.findOne(ServerEntity, {
    where: { id: query.server_id, ...(tenantId && { tenantId }), ...ownOnly(caller) },
    select: { id: true, tenantId: true },
  });
  if (!server) throw notFound('server', query.server_id);
  return { ...filter, serverId: server.id, tenantId: server.tenantId };
}
