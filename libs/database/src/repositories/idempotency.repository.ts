import { BerthError } from '@berth/domain';
import type { EntityManager } from 'typeorm';

/** Hours that an answer is kept for repeated requests. */
export const IDEMPOTENCY_HOURS = 24;

export interface IdempotentRequest {
  /** Whose key it is: keys of different tenants (or tokens) don't meet. */
  scope: string;
  key: string;
  /** Digest of method, path and body. */
  digest: string;
}

export interface RememberedAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Status of a row whose request is still under way: only of requests that can't be one transaction (exec). */
const UNDER_WAY = 0;

interface Row {
  request_digest: string;
  response_status: number;
  response_body: Record<string, unknown>;
}

function underWay(): BerthError {
  return new BerthError(
    'conflict',
    'a request with this Idempotency-Key is still running; try again when it has ended',
  );
}

/**
 * Claims the key until the transaction ends. Gives the answer of an earlier request with the same key and body, or null
 * where this one is the first. Throws `idempotency_key_reused` for another body, `conflict` while the first still runs.
 * The caller then does its work in the same transaction and calls `rememberAnswer`.
 */
export async function claimIdempotencyKey(
  em: EntityManager,
  request: IdempotentRequest,
): Promise<RememberedAnswer | null> {
  const [lock]: { held: boolean }[] = await em.query(
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held',
    [JSON.stringify([request.scope, request.key])],
  );
  if (!lock?.held) throw underWay();
  const [row]: Row[] = await em.query(
    `SELECT request_digest, response_status, response_body FROM idempotency_keys
      WHERE scope = $1 AND key = $2 AND created_at > now() - make_interval(hours => $3)`,
    [request.scope, request.key, IDEMPOTENCY_HOURS],
  );
  if (!row) return null;
  if (row.request_digest !== request.digest) {
    throw new BerthError(
      'idempotency_key_reused',
      'this Idempotency-Key was used for another request; take a new key',
    );
  }
  if (row.response_status === UNDER_WAY) throw underWay();
  return { status: row.response_status, body: row.response_body };
}

/** Keeps the answer, which must hold no secret, in the transaction that the claim was made in. */
export async function rememberAnswer(
  em: EntityManager,
  request: IdempotentRequest,
  answer: RememberedAnswer,
): Promise<void> {
  await em.query(
    `INSERT INTO idempotency_keys (scope, key, request_digest, response_status, response_body) VALUES ($1,$2,$3,$4,$5)
     ON CONFLICT (scope, key) DO UPDATE SET request_digest = EXCLUDED.request_digest,
       response_status = EXCLUDED.response_status, response_body = EXCLUDED.response_body, created_at = now()`,
    [request.scope, request.key, request.digest, answer.status, answer.body],
  );
}

/** For work that outlasts a transaction: marks the key as under way, to be ended by rememberAnswer or forgetKey. */
export async function holdIdempotencyKey(em: EntityManager, request: IdempotentRequest): Promise<void> {
  await rememberAnswer(em, request, { status: UNDER_WAY, body: {} });
}

/** The work failed and did nothing: a repeated request does it anew. */
export async function forgetIdempotencyKey(em: EntityManager, request: IdempotentRequest): Promise<void> {
  await em.query('DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2', [request.scope, request.key]);
}

/** Deletes what has expired, and what a process that died left under way (`exec` ends within the hour). Gives the count. */
export async function purgeIdempotencyKeys(em: EntityManager): Promise<number> {
  const [, count]: [unknown[], number] = await em.query(
    `DELETE FROM idempotency_keys WHERE created_at <= now() - make_interval(hours => $1)
        OR (response_status = $2 AND created_at < now() - interval '65 minutes')`,
    [IDEMPOTENCY_HOURS, UNDER_WAY],
  );
  return count;
}
