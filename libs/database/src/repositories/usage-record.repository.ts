import { billedTimeMeters, type Meter, type Price, type UsageGroup, type UsageRow } from '@berth/contracts';
import type { EntityManager } from 'typeorm';

/** Windows that begin at `from` or later and end at `to` or before. */
export interface UsageFilter {
  from: Date;
  to: Date;
  tenantId?: string | undefined;
  serverId?: string | undefined;
  meters?: readonly Meter[] | undefined;
}

const COLUMN_OF: Record<Exclude<UsageGroup, 'meter'>, string> = {
  tenant: 'tenant_id',
  server: 'server_id',
  day: `to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
};

/** As parts of a where; what is not asked for is no part of it, so that the indexes serve. */
function whereOf(filter: UsageFilter): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [filter.from, filter.to];
  let sql = `window_start >= $1 AND window_start <= $2::timestamptz - interval '1 hour' AND window_end <= $2`;
  const add = (column: string, value: unknown, operator: string) => {
    parameters.push(value);
    sql += ` AND ${column} ${operator.replace('?', `$${parameters.length}`)}`;
  };
  if (filter.tenantId) add('tenant_id', filter.tenantId, '= ?');
  if (filter.serverId) add('server_id', filter.serverId, '= ?');
  if (filter.meters) add('meter', filter.meters, '= ANY (?)');
  return { sql, parameters };
}

/** Up to when hours are closed. */
export async function meteredTo(em: EntityManager): Promise<Date> {
  const [row]: { metered_to: Date }[] = await em.query('SELECT metered_to FROM metering_progress');
  return row!.metered_to;
}

/** Sums of a meter each, and of what else is grouped by; in that order. */
export async function sumUsage(
  em: EntityManager,
  filter: UsageFilter,
  groups: readonly UsageGroup[],
  page: { limit: number; offset: number },
): Promise<{ rows: UsageRow[]; total: number }> {
  const { sql, parameters } = whereOf(filter);
  const keys = (Object.keys(COLUMN_OF) as (keyof typeof COLUMN_OF)[]).filter((key) => groups.includes(key));
  const has = (key: keyof typeof COLUMN_OF) => (keys.includes(key) ? COLUMN_OF[key] : 'NULL');
  const [answer]: { rows: UsageRow[]; total: number }[] = await em.query(
    `WITH sums AS MATERIALIZED (
       SELECT meter, min(unit) AS unit, sum(quantity)::text AS quantity, ${has('tenant')} AS tenant_id, ${has('server')} AS server_id,
              ${has('day')} AS day, count(*)::int AS records, bool_or(incomplete) AS incomplete
         FROM usage_records WHERE ${sql} GROUP BY ${['meter', ...keys.map((key) => COLUMN_OF[key])].join(', ')})
     SELECT (SELECT count(*)::int FROM sums) AS total, coalesce(jsonb_agg(to_jsonb(page)), '[]') AS rows
       FROM (SELECT * FROM sums ORDER BY tenant_id, server_id, day, meter LIMIT $${parameters.length + 1}
             OFFSET $${parameters.length + 2}) page`,
    [...parameters, page.limit, page.offset],
  );
  return answer!;
}

export interface UsageRecordRow {
  seq: string;
  id: string;
  tenant_id: string;
  server_id: string;
  meter: string;
  window_start: Date;
  window_end: Date;
  plan_id: string | null;
  quantity: string;
  unit: string;
  incomplete: boolean;
  corrects: string | null;
  created_at: Date;
}

/** Where the records of a range begin and end in `seq`; null where there are none. */
export async function usageRecordSpan(em: EntityManager, filter: UsageFilter) {
  const { sql, parameters } = whereOf(filter);
  const [span]: { first: string | null; last: string | null }[] = await em.query(
    `SELECT min(seq) AS first, max(seq) AS last FROM usage_records WHERE ${sql}`,
    parameters,
  );
  return span?.first ? { first: span.first, last: span.last! } : null;
}

/** The records of a range from `first` to `last`, by `seq`, `limit` of them. */
export async function readUsageRecords(
  em: EntityManager,
  filter: UsageFilter,
  { first, last, limit }: { first: string; last: string; limit: number },
): Promise<UsageRecordRow[]> {
  const { sql, parameters } = whereOf(filter);
  const n = parameters.length;
  return em.query(
    `SELECT seq, id, tenant_id, server_id, meter, window_start, window_end, plan_id, quantity, unit, incomplete, corrects, created_at
       FROM usage_records WHERE seq >= $${n + 1} AND seq <= $${n + 2} AND ${sql} ORDER BY seq LIMIT $${n + 3}`,
    [...parameters, first, last, limit],
  );
}

export interface BilledTimeRow {
  server_id: string;
  plan_id: string;
  /** Null: the plan cost nothing then. */
  price: Price | null;
  ms: string;
  records: number;
}

/** A tenant's time from `from` to `to` (full hours), by server, plan and the price that held when the window began. */
export async function billedTimes(
  em: EntityManager,
  tenantId: string,
  from: Date,
  to: Date,
): Promise<BilledTimeRow[]> {
  return em.query(
    `WITH prices AS (
       SELECT plan_id, price, valid_from, lead(valid_from, 1, 'infinity') OVER (PARTITION BY plan_id ORDER BY valid_from) AS valid_to
         FROM plan_prices)
     SELECT r.server_id, r.plan_id, p.price, sum(r.quantity)::text AS ms, count(*)::int AS records
       FROM usage_records r
       LEFT JOIN prices p ON p.plan_id = r.plan_id AND r.window_start >= p.valid_from AND r.window_start < p.valid_to
      WHERE r.tenant_id = $1 AND r.window_start >= $2 AND r.window_start < $3 AND r.meter = ANY ($4)
      GROUP BY r.server_id, r.plan_id, p.price ORDER BY r.server_id, min(r.window_start), r.plan_id`,
    [tenantId, from, to, billedTimeMeters],
  );
}

/** What each server of a tenant sent from `from` to `to`. */
export async function sentTraffic(
  em: EntityManager,
  tenantId: string,
  from: Date,
  to: Date,
): Promise<{ server_id: string; bytes: string; records: number }[]> {
  return em.query(
    `SELECT server_id, sum(quantity)::text AS bytes, count(*)::int AS records FROM usage_records
      WHERE tenant_id = $1 AND window_start >= $2 AND window_start < $3 AND meter = 'traffic_out' GROUP BY server_id`,
    [tenantId, from, to],
  );
}
