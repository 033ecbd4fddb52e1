import type { EntityManager } from 'typeorm';

/** A token that nothing but the session used would otherwise stay in the lists of tokens. */
const REVOKE_OWNED = `
  UPDATE tokens SET revoked_at = now()
   WHERE id IN (SELECT token_id FROM ended WHERE owns_token) AND revoked_at IS NULL`;

/** Ends one session. Idempotent. */
export async function endSession(em: EntityManager, id: string): Promise<void> {
  await em.query(
    `WITH ended AS (DELETE FROM sessions WHERE id = $1 RETURNING token_id, owns_token), revoked AS (${REVOKE_OWNED} RETURNING 1)
     SELECT count(*) FROM revoked`,
    [id],
  );
}

/** Deletes the sessions that are over: expired, left unused, or without a valid token. Gives the count. */
export async function purgeSessions(em: EntityManager): Promise<number> {
  const [row]: { count: string }[] = await em.query(
    `WITH ended AS (
       DELETE FROM sessions s USING tokens t
        WHERE t.id = s.token_id
          AND (s.expires_at <= now() OR s.last_used_at <= now() - s.idle_ms * interval '1 ms'
               OR t.revoked_at IS NOT NULL OR t.expires_at <= now())
       RETURNING s.token_id, s.owns_token
     ), revoked AS (${REVOKE_OWNED} RETURNING 1)
     SELECT count(*) FROM ended`,
  );
  return Number(row!.count);
}
