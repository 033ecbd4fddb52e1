import type { Role, Scope, TenantStatus } from '@berth/contracts';
import { hashToken, prepared } from '@berth/database';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Caller } from '../http/request-context';

/** `last_used_at` is written at most once in so long: it is for people, and must not cost a write a request. */
export const USED_EVERY_MS = 5 * 60_000;
const TOKEN = /^berth_[A-Za-z0-9_-]{43}$/;

/** What a token says of whoever sends it. */
export interface CallerRow {
  id: string;
  role: Role;
  scopes: Scope[];
  tenant_id: string | null;
  tenant_status: TenantStatus | null;
}

interface Row extends CallerRow {
  last_used_at: Date | null;
}

export const callerOf = (row: CallerRow): Caller => ({
  tokenId: row.id,
  role: row.role,
  scopes: row.scopes,
  tenantId: row.tenant_id,
  tenantStatus: row.tenant_status,
});

const FIND_TOKEN = prepared(
  'find_token',
  `SELECT t.id, t.role, t.scopes, t.tenant_id, tenant.status AS tenant_status, t.last_used_at
         FROM tokens t LEFT JOIN tenants tenant ON tenant.id = t.tenant_id
        WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`,
);

const STILL_VALID = prepared(
  'tokens_still_valid',
  `SELECT t.id FROM tokens t LEFT JOIN tenants tenant ON tenant.id = t.tenant_id
    WHERE t.id = ANY ($1::uuid[]) AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
      AND 'read' = ANY (t.scopes) AND coalesce(tenant.status, 'active') <> 'terminated'`,
);

/** Finds out whose token it is. Nothing is cached: a revoked token ends at once. */
@Injectable()
export class TokenLookupService {
  private readonly logger = new Logger(TokenLookupService.name);

  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** Null where the secret is none of ours, was revoked or has expired. */
  async find(secret: string): Promise<Caller | null> {
    if (!TOKEN.test(secret)) return null;
    const [row]: Row[] = await this.dataSource.query(FIND_TOKEN, [hashToken(secret)]);
    if (!row) return null;
    if (!row.last_used_at || Date.now() - row.last_used_at.getTime() > USED_EVERY_MS)
      await this.markUsed(row.id);
    return callerOf(row);
  }

  /** Which of these tokens, by id, could still read: for what goes on for longer than a request. */
  async stillValid(ids: readonly string[]): Promise<Set<string>> {
    const rows: { id: string }[] = await this.dataSource.query(STILL_VALID, [ids]);
    return new Set(rows.map(({ id }) => id));
  }

  /** One of the requests that arrive together writes; those that find the row locked or written go on. */
  private async markUsed(id: string): Promise<void> {
    await this.dataSource
      .query(
        `UPDATE tokens SET last_used_at = now() WHERE id = (
           SELECT id FROM tokens WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - make_interval(secs => $2))
              FOR UPDATE SKIP LOCKED)`,
        [id, USED_EVERY_MS / 1000],
      )
      .catch((error: unknown) => this.logger.warn({ err: error }, "can't note when a token was last used"));
  }
}
