import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../transaction';

const LOCK = 7_305_814;
const BATCH = 1000;

/** `waiting`: events are there, but an earlier one may still be to come. `busy`: another worker is at it. */
export type DispatchOutcome = 'idle' | 'waiting' | 'busy' | 'dispatched';

interface Position {
  dispatched_to: string;
  seen_to: string;
  settled: boolean;
}

/**
 * Hands the next events to the webhooks that want them, in order of `seq`, each once.
 *
 * A transaction takes `seq` before it commits, so a lower one may appear later. Therefore two steps: what can be seen is
 * noted, with a transaction number taken after that look; when all transactions with lower numbers have ended, every
 * event up to there is committed or never will be.
 */
export async function dispatchEvents(dataSource: DataSource): Promise<DispatchOutcome> {
  if (!(await isWorthwhile(dataSource))) return 'idle';
  const noted = await inTransaction(dataSource, noteSeen);
  if (noted !== 'waiting') return noted;
  return inTransaction(dataSource, handOut);
}

/**
 * A look without locks, several times a second: whether there are events, and somebody who wants them. Where no webhook is
 * enabled the events lie for a while, since moving past them is work at the moment when a customer waits for what they
 * tell of. One that is made later gets what comes after it, however far we have moved.
 */
async function isWorthwhile(dataSource: DataSource): Promise<boolean> {
  const [row]: { worthwhile: boolean }[] = await dataSource.query(WORTHWHILE);
  return row!.worthwhile;
}

/** Seconds that events lie where nobody wants them. */
const LIE_S = 10;
const WORTHWHILE = `
  SELECT e.at IS NOT NULL AND (e.at < now() - interval '${LIE_S} s' OR EXISTS (SELECT FROM webhook_endpoints WHERE enabled)) AS worthwhile
    FROM event_dispatch d LEFT JOIN LATERAL (
      SELECT at FROM events WHERE seq > d.dispatched_to ORDER BY seq LIMIT 1) e ON true`;

async function tryLock(em: EntityManager): Promise<boolean> {
  const [row]: { held: boolean }[] = await em.query('SELECT pg_try_advisory_xact_lock($1) AS held', [LOCK]);
  return row!.held;
}

async function noteSeen(em: EntityManager): Promise<DispatchOutcome> {
  if (!(await tryLock(em))) return 'busy';
  const [row]: { open: boolean; last: string | null }[] = await em.query(
    `SELECT d.dispatched_to < d.seen_to AS open, (SELECT max(seq) FROM (
        SELECT seq FROM events e WHERE e.seq > d.dispatched_to ORDER BY e.seq LIMIT $1) next) AS last FROM event_dispatch d`,
    [BATCH],
  );
  if (row!.open) return 'waiting';
  if (row!.last === null) return 'idle';
  // A statement of its own: the number must be taken after the look, and the transaction has none until here.
  await em.query('UPDATE event_dispatch SET seen_to = $1, horizon = pg_current_xact_id()', [row!.last]);
  return 'waiting';
}

async function handOut(em: EntityManager): Promise<DispatchOutcome> {
  if (!(await tryLock(em))) return 'busy';
  const [position]: Position[] = await em.query(
    `SELECT dispatched_to, seen_to, pg_snapshot_xmin(pg_current_snapshot()) >= horizon AS settled FROM event_dispatch`,
  );
  const { dispatched_to: from, seen_to: to, settled } = position!;
  if (from === to) return 'idle';
  if (!settled) return 'waiting';
  await em.query(FAN_OUT, [from, to]);
  await em.query('UPDATE event_dispatch SET dispatched_to = seen_to');
  return 'dispatched';
}

/** Shares the endpoints' rows: who disables one waits, and finds all that was made for it. */
const FAN_OUT = `
  WITH fresh AS (
    INSERT INTO webhook_deliveries (endpoint_id, event_id, event_seq, lane)
    SELECT w.id, e.id, e.seq, coalesce(e.server_id, e.tenant_id, e.id)
      FROM events e JOIN webhook_endpoints w ON w.enabled AND e.at >= w.active_since
       AND (w.audience = 'operator' OR w.tenant_id = e.tenant_id OR (w.audience = 'billing' AND e.tenant_id IS NOT NULL))
       AND w.events && ARRAY['*', split_part(e.type, '.', 1) || '.*', e.type]
     WHERE e.seq > $1 AND e.seq <= $2 AND e.type <> 'webhook.test'
     ORDER BY e.seq FOR SHARE OF w
    ON CONFLICT DO NOTHING
    RETURNING endpoint_id, lane
  )
  INSERT INTO webhook_lanes (endpoint_id, lane) SELECT DISTINCT endpoint_id, lane FROM fresh ORDER BY 1, 2
  ON CONFLICT (endpoint_id, lane) DO UPDATE SET claim = webhook_lanes.claim`;
