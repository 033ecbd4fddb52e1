import type { DataSource, EntityManager } from 'typeorm';
import { inSnapshot } from '../transaction';
import { QUANTITIES } from './metering-quantities';

const HOUR_MS = 3_600_000;
/** Of each hour, as long as samples of its end are written: 300 s, or longer where samples are rarer than that. */
export const SAMPLE_SLACK_MS = 300_000;

/** `$4`: the window's start as it stands in an id. */
const ID = `concat_ws('/', q.tenant_id, q.server_id, q.meter, $4::text, q.plan_id)`;
const COLUMNS =
  'id, tenant_id, server_id, meter, window_start, window_end, plan_id, quantity, unit, incomplete, corrects';

const CLOSE = `
  WITH ${QUANTITIES}
  INSERT INTO usage_records (${COLUMNS})
  SELECT ${ID}, q.tenant_id, q.server_id, q.meter, w.a, w.b, q.plan_id, q.quantity, q.unit, q.incomplete, NULL
    FROM quantities q, w ORDER BY 1`;

/** One event a tenant of which there is something to bill. */
const TELL = `
  SELECT record_event('usage.window_closed', tenant_id, NULL, 'usage/' || $2::text, jsonb_build_object(
           'window_start', $2::text, 'window_end', $3::text, 'records', count(*), 'incomplete', bool_or(incomplete)))
    FROM usage_records WHERE window_start = $1 AND corrects IS NULL GROUP BY tenant_id ORDER BY tenant_id`;

/** The difference of what is known now to what was told. Of what nothing was told, the first record. */
const CORRECT = `
  WITH ${QUANTITIES},
  told AS (
    SELECT r.tenant_id, r.server_id, r.meter, r.plan_id, sum(r.quantity) AS quantity, count(*) AS records, min(r.unit) AS unit,
           bool_or(r.incomplete) AS incomplete
      FROM usage_records r, w
     WHERE r.window_start = w.a AND r.server_id = ANY ($3)
     GROUP BY r.tenant_id, r.server_id, r.meter, r.plan_id)
  INSERT INTO usage_records (${COLUMNS})
  SELECT ${ID} || CASE WHEN q.records > 0 THEN '#' || q.records ELSE '' END, q.tenant_id, q.server_id, q.meter, w.a, w.b, q.plan_id,
         q.quantity, q.unit, q.incomplete, CASE WHEN q.records > 0 THEN ${ID} END
    FROM w, (
      SELECT coalesce(n.tenant_id, t.tenant_id) AS tenant_id, coalesce(n.server_id, t.server_id) AS server_id,
             coalesce(n.meter, t.meter) AS meter, coalesce(n.plan_id, t.plan_id) AS plan_id, coalesce(n.unit, t.unit) AS unit,
             coalesce(n.quantity, 0) - coalesce(t.quantity, 0) AS quantity, coalesce(t.records, 0) AS records,
             coalesce(n.incomplete, t.incomplete) AS incomplete
        FROM quantities n FULL JOIN told t
          ON (t.server_id, t.meter, t.tenant_id) = (n.server_id, n.meter, n.tenant_id)
         AND coalesce(t.plan_id::text, '') = coalesce(n.plan_id::text, '')) q
   WHERE q.quantity <> 0 ORDER BY 1`;

/** No transaction lasts for so long; what is older was seen, whatever its number says (they begin anew in a restored database). */
const MOST_LATE = `interval '1 day'`;

const LATE = ['server_history', 'address_history', 'snapshot_history']
  .map(
    (table) => `SELECT h.server_id, h.at FROM ${table} h, metering_progress p
                 WHERE h.xid >= pg_snapshot_xmin(p.seen) AND NOT pg_visible_in_snapshot(h.xid, p.seen)
                   AND h.at < p.metered_to AND h.at >= p.metered_to - ${MOST_LATE}`,
  )
  .join(' UNION ALL ');

interface Progress {
  metered_to: Date;
  open: boolean;
}

export interface MeteringOptions {
  /** Hours that end after it are not closed. */
  now: Date;
  /** A window of which more of its time was not sampled is incomplete, ms. */
  slackMs?: number;
}

/**
 * Writes the records of each hour that is over and summed up, hour by hour, each in one transaction with the mark of how far it
 * is, and the event that tells its tenants' billing. Killed anywhere, or run by several at a time, each is told once. Gives the number of hours closed.
 */
export async function closeUsageWindows(dataSource: DataSource, options: MeteringOptions): Promise<number> {
  for (let hours = 0; ; hours++) {
    if (!(await inSnapshot(dataSource, (em) => closeNext(em, options)))) return hours;
  }
}

async function closeNext(em: EntityManager, { now, slackMs = SAMPLE_SLACK_MS }: MeteringOptions) {
  // Takes no snapshot, as a SELECT … FOR UPDATE would: whoever waited here sees what the other one closed.
  await em.query('LOCK TABLE metering_progress IN EXCLUSIVE MODE');
  // Of very many servers an hour takes longer to write than a statement otherwise may.
  await em.query(`SET LOCAL statement_timeout = '10min'`);
  const [progress]: Progress[] = await em.query(
    `SELECT m.metered_to, m.metered_to + interval '1 hour' <= least(u.rolled_up_to, $1) AS open
       FROM metering_progress m, usage_progress u`,
    [now],
  );
  if (!progress?.open) return false;
  await correctLate(em, progress.metered_to, slackMs);
  await em.query(CLOSE, [progress.metered_to, slackMs, null, progress.metered_to.toISOString()]);
  const end = new Date(+progress.metered_to + HOUR_MS);
  await em.query(TELL, [progress.metered_to, progress.metered_to.toISOString(), end.toISOString()]);
  await em.query(
    `UPDATE metering_progress SET metered_to = metered_to + interval '1 hour', seen = pg_current_snapshot()`,
  );
  return true;
}

/** Changes that were made in hours that are closed, and committed after that. */
async function correctLate(em: EntityManager, meteredTo: Date, slackMs: number): Promise<void> {
  const late: { server_id: string; at: Date }[] = await em.query(LATE);
  if (late.length === 0) return;
  const servers = [...new Set(late.map(({ server_id }) => server_id))];
  const first = Math.floor(Math.min(...late.map(({ at }) => +at)) / HOUR_MS) * HOUR_MS;
  for (let hour = first; hour < +meteredTo; hour += HOUR_MS) {
    const window = new Date(hour);
    await em.query(CORRECT, [window, slackMs, servers, window.toISOString()]);
  }
}
