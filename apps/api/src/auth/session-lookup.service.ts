import { hashToken, prepared } from '@berth/database';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Caller, CurrentSession } from '../http/request-context';
import { type CallerRow, callerOf, USED_EVERY_MS } from './token-lookup.service';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

interface Row extends CallerRow {
  session_id: string;
  name: string;
  csrf_token: string;
  expires_at: Date;
  used_at: Date;
  idle_ms: number;
  tenant_name: string | null;
}

/** Of the row `s` of sessions. */
const IS_OPEN = `s.expires_at > now() AND s.last_used_at > now() - s.idle_ms * interval '1 ms'`;

/** A session is as good as its token: both have to hold. */
const FIND_SESSION = prepared(
  'find_session',
  `SELECT s.id AS session_id, s.name, s.csrf_token, s.expires_at, s.last_used_at AS used_at, s.idle_ms,
          t.id, t.role, t.scopes, t.tenant_id, tenant.status AS tenant_status, tenant.name AS tenant_name
     FROM sessions s JOIN tokens t ON t.id = s.token_id LEFT JOIN tenants tenant ON tenant.id = t.tenant_id
    WHERE s.hash = $1 AND ${IS_OPEN}
      AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`,
);

/** Written as seldom as other uses are. */
const KEEP_USED = prepared(
  'sessions_keep_used',
  `UPDATE sessions s SET last_used_at = now()
    WHERE s.id = ANY ($1::uuid[]) AND ${IS_OPEN} AND s.last_used_at < now() - least($2, s.idle_ms / 4) * interval '1 ms'`,
);

const STILL_VALID = prepared(
  'sessions_still_valid',
  `SELECT s.id FROM sessions s WHERE s.id = ANY ($1::uuid[]) AND ${IS_OPEN}`,
);

/** Finds out whose session a cookie is. Nothing is cached: one that was ended, or whose token was revoked, ends at once. */
@Injectable()
export class SessionLookupService {
  private readonly logger = new Logger(SessionLookupService.name);

  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** Null where the secret is none of ours, or the session is over. */
  async find(secret: string): Promise<{ caller: Caller; session: CurrentSession } | null> {
    if (!SECRET.test(secret)) return null;
    const [row]: Row[] = await this.dataSource.query(FIND_SESSION, [hashToken(secret)]);
    if (!row) return null;
    // Often enough that a session in use never counts as left alone, however short its time is.
    const everyMs = Math.min(USED_EVERY_MS, row.idle_ms / 4);
    if (Date.now() - row.used_at.getTime() > everyMs) await this.markUsed(row.session_id, everyMs);
    return {
      caller: callerOf(row),
      session: {
        id: row.session_id,
        name: row.name,
        csrfToken: row.csrf_token,
        expiresAt: row.expires_at,
        tenantName: row.tenant_name,
      },
    };
  }

  /** Which of these sessions, by id, are not over; it does not count as their use. Their tokens are another question. */
  async stillValid(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows: { id: string }[] = await this.dataSource.query(STILL_VALID, [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Counts what these sessions, by id, have open as their use. */
  async keepUsed(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.dataSource.query(KEEP_USED, [ids, USED_EVERY_MS]);
  }

  /** With its token, which is used as well. Of requests that arrive together one writes, the others go on. */
  private async markUsed(id: string, everyMs: number): Promise<void> {
    await this.dataSource
      .query(
        `WITH due AS (
           SELECT id, token_id FROM sessions WHERE id = $1 AND last_used_at < now() - $2 * interval '1 ms'
              FOR UPDATE SKIP LOCKED
         ), used AS (
           UPDATE sessions SET last_used_at = now() WHERE id IN (SELECT id FROM due)
         )
         UPDATE tokens SET last_used_at = now() WHERE id IN (SELECT token_id FROM due)`,
        [id, everyMs],
      )
      .catch((error: unknown) => this.logger.warn({ err: error }, "can't note when a session was last used"));
  }
}
