import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../transaction';

/** A usage record as sinks are told of it. */
export interface ExportedUsage {
  /** Position in the order of export; a bigint. */
  seq: string;
  /** The same however often it is sent: sinks tell repetitions by it. */
  id: string;
  tenantId: string;
  /** The tenant's key in the provider's own systems. */
  tenantExternalId: string | null;
  serverId: string;
  planId: string | null;
  meter: string;
  windowStart: Date;
  windowEnd: Date;
  /** A whole number of up to 38 digits. */
  quantity: string;
  unit: string;
  incomplete: boolean;
  /** Id of the record that this one corrects. */
  corrects: string | null;
}

/** Longer than Postgres takes to send an autovacuum away (deadlock_timeout). */
const LOCK_TIMEOUT_MS = 3000;

const RECORD = `
  r.seq, r.id, r.tenant_id AS "tenantId", t.external_id AS "tenantExternalId", r.server_id AS "serverId",
  r.plan_id AS "planId", r.meter, r.window_start AS "windowStart", r.window_end AS "windowEnd", r.quantity::text AS quantity, r.unit,
  r.incomplete, r.corrects`;
const RECORDS = 'usage_records r LEFT JOIN tenants t ON t.id = r.tenant_id';

/**
 * The seq up to which every record is there to be read: transactions get their numbers in one order and commit in another, so
 * the highest that is seen says nothing of those below. Waits for the writers under way; those that come take numbers
 * beyond. Gives `known` without waiting where there is nothing beyond it.
 */
export async function settledUsageSeq(dataSource: DataSource, known: string): Promise<string> {
  const [beyond]: unknown[] = await dataSource.query('SELECT 1 FROM usage_records WHERE seq > $1 LIMIT 1', [
    known,
  ]);
  if (!beyond) return known;
  return inTransaction(dataSource, async (em) => {
    await em.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await em.query('LOCK TABLE usage_records IN SHARE MODE');
    const [{ seq }]: [{ seq: string }] = await em.query('SELECT max(seq) AS seq FROM usage_records');
    return seq;
  });
}

/** Records after `after` up to `upTo`, in their order; none whose window ended by `since`. */
export function readUsageToExport(
  em: EntityManager,
  { after, upTo, since, limit }: { after: string; upTo: string; since: Date | null; limit: number },
): Promise<ExportedUsage[]> {
  return em.query(
    `SELECT ${RECORD} FROM ${RECORDS}
      WHERE r.seq > $1 AND r.seq <= $2 AND ($3::timestamptz IS NULL OR r.window_end > $3) ORDER BY r.seq LIMIT $4`,
    [after, upTo, since, limit],
  );
}

/** Set aside, and to be sent again. */
export function readRejectsToRetry(em: EntityManager, sink: string, limit: number): Promise<ExportedUsage[]> {
  return em.query(
    `SELECT ${RECORD} FROM usage_export_rejects x JOIN (${RECORDS}) ON r.id = x.record_id
      WHERE x.sink = $1 AND x.retry ORDER BY r.seq LIMIT $2`,
    [sink, limit],
  );
}

export async function setAsideUsage(
  em: EntityManager,
  sink: string,
  recordId: string,
  error: string,
): Promise<void> {
  await em.query(
    `INSERT INTO usage_export_rejects (sink, record_id, error) VALUES ($1, $2, $3)
     ON CONFLICT (sink, record_id) DO UPDATE SET error = $3, rejected_at = clock_timestamp(), retry = false`,
    [sink, recordId, error],
  );
}

/** The sink has taken it after all. */
export async function forgetReject(em: EntityManager, sink: string, recordId: string): Promise<void> {
  await em.query('DELETE FROM usage_export_rejects WHERE sink = $1 AND record_id = $2', [sink, recordId]);
}
