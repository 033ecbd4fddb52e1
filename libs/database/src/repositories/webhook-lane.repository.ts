import { entityFrom } from '../entity-from';
import { EventEntity } from '../entities/event.entity';
import type { EntityManager, DataSource } from 'typeorm';

/** One endpoint and one server, held by a worker until the lease ends; the fence tells whether it still is. */
export interface LaneClaim {
  endpointId: string;
  lane: string;
  claim: number;
}

/** The first of a lane, and what is needed to send it. */
export interface NextDelivery {
  id: string;
  /** Attempts so far. */
  attempts: number;
  /** Since it was made, ms. */
  ageMs: number;
  event: EventEntity;
  url: string;
  forOperator: boolean;
  /** Sealed; the present one first. */
  secrets: string[];
}

export interface AttemptRecord {
  status: 'delivered' | 'failed' | 'pending';
  /** Pending only: when it is tried again, ms from now. */
  retryInMs: number | null;
  responseStatus: number | null;
  responseBody: string | null;
  error: string | null;
  durationMs: number;
}

const mine = 'endpoint_id = $1 AND lane = $2 AND claim = $3';
const keyOf = ({ endpointId, lane, claim }: LaneClaim) => [endpointId, lane, claim];

/**
 * Takes up to `limit` lanes that are due, the longest due first; `perEndpoint` of one endpoint at most, and none of those
 * in `except`, so that a slow receiver holds up only itself.
 */
export async function claimLanes(
  dataSource: DataSource,
  limits: { limit: number; perEndpoint: number; except: readonly string[]; leaseMs: number },
): Promise<LaneClaim[]> {
  const [rows]: [{ endpoint_id: string; lane: string; claim: string }[], number] = await dataSource.query(
    `WITH due AS (
       SELECT endpoint_id, lane, due_at, row_number() OVER (PARTITION BY endpoint_id ORDER BY due_at) AS place
         FROM (SELECT l.endpoint_id, l.lane, l.due_at FROM webhook_lanes l JOIN webhook_endpoints w ON w.id = l.endpoint_id
                WHERE l.due_at <= now() AND w.enabled AND w.paused_until <= now() AND l.endpoint_id <> ALL ($3::uuid[])
                ORDER BY l.due_at LIMIT 1000) first
     ), taken AS (
       SELECT l.endpoint_id, l.lane FROM webhook_lanes l JOIN due USING (endpoint_id, lane)
        WHERE due.place <= $2 AND l.due_at <= now() ORDER BY due.due_at LIMIT $1 FOR UPDATE OF l SKIP LOCKED
     )
     UPDATE webhook_lanes l SET claim = l.claim + 1, due_at = now() + $4 * interval '1 ms'
       FROM taken t WHERE l.endpoint_id = t.endpoint_id AND l.lane = t.lane RETURNING l.endpoint_id, l.lane, l.claim`,
    [limits.limit, limits.perEndpoint, limits.except, limits.leaseMs],
  );
  return rows.map((row) => ({ endpointId: row.endpoint_id, lane: row.lane, claim: Number(row.claim) }));
}

/** Renews the lease and locks the lane until the transaction ends. False where it isn't ours any more: write nothing. */
export async function holdLane(em: EntityManager, claim: LaneClaim, leaseMs: number): Promise<boolean> {
  const [, count]: [unknown[], number] = await em.query(
    `UPDATE webhook_lanes SET due_at = clock_timestamp() + $4 * interval '1 ms' WHERE ${mine}`,
    [...keyOf(claim), leaseMs],
  );
  return count === 1;
}

/** Ends a claim before its lease does: the lane is anybody's in `inMs`. */
export async function releaseLane(em: EntityManager, claim: LaneClaim, inMs: number): Promise<void> {
  await em.query(`UPDATE webhook_lanes SET due_at = clock_timestamp() + $4 * interval '1 ms' WHERE ${mine}`, [
    ...keyOf(claim),
    inMs,
  ]);
}

/** The first that is pending of a lane that this transaction holds. Where there is none, the lane is removed. */
export async function nextOfLane(em: EntityManager, claim: LaneClaim): Promise<NextDelivery | null> {
  const [row]: NextRow[] = await em.query(NEXT, [claim.endpointId, claim.lane]);
  if (!row) {
    // What is added meanwhile waits for this row, and makes a new one.
    await em.query(`DELETE FROM webhook_lanes WHERE ${mine}`, keyOf(claim));
    return null;
  }
  return {
    id: row.id,
    attempts: row.attempts,
    ageMs: row.age_ms,
    event: entityFrom(em.connection, EventEntity, row.event),
    url: row.url,
    forOperator: row.for_operator,
    secrets: row.secrets,
  };
}

interface NextRow {
  id: string;
  attempts: number;
  age_ms: number;
  event: Record<string, unknown>;
  url: string;
  for_operator: boolean;
  secrets: string[];
}

const NEXT = `
  SELECT d.id, d.attempts, (extract(epoch FROM clock_timestamp() - d.created_at) * 1000)::float8 AS age_ms,
         to_jsonb(e) AS event, w.url, w.audience = 'operator' AS for_operator,
         array_remove(ARRAY[w.secret_sealed, CASE WHEN w.previous_secret_until > now() THEN w.previous_secret_sealed END], NULL) AS secrets
    FROM webhook_deliveries d JOIN events e ON e.id = d.event_id JOIN webhook_endpoints w ON w.id = d.endpoint_id
   WHERE d.endpoint_id = $1 AND d.lane = $2 AND d.status = 'pending' ORDER BY d.event_seq LIMIT 1`;

/** Writes what came of an attempt, in a transaction that holds the lane. */
export async function writeAttempt(em: EntityManager, id: string, attempt: AttemptRecord): Promise<void> {
  await em.query(
    `UPDATE webhook_deliveries SET status = $2, attempts = attempts + 1, last_attempt_at = clock_timestamp(),
            next_attempt_at = clock_timestamp() + $3 * interval '1 ms', response_status = $4, response_body = $5, error = $6,
            duration_ms = $7, finished_at = CASE WHEN $2 = 'pending' THEN NULL ELSE clock_timestamp() END
      WHERE id = $1 AND status = 'pending'`,
    [
      id,
      attempt.status,
      attempt.retryInMs,
      attempt.responseStatus,
      attempt.responseBody,
      attempt.error,
      attempt.durationMs,
    ],
  );
}
