import type { ServerStatus, TenantStatus } from '@berth/contracts';
import type { DataSource } from 'typeorm';
import type { ConsoleGrant } from './console-tickets';

export interface ConsoleRefusal {
  close: 'revoked' | 'suspended' | 'deleted';
  reason: string;
}

interface Row {
  token_status: TenantStatus | null;
  has_token: boolean;
  signed_in: boolean;
  server_status: ServerStatus | null;
  tenant_status: TenantStatus | null;
}

/** For each grant, in their order, why it holds no more; null where it does. One query. */
export async function checkGrants(
  dataSource: DataSource,
  grants: readonly ConsoleGrant[],
): Promise<(ConsoleRefusal | null)[]> {
  if (grants.length === 0) return [];
  const rows: Row[] = await dataSource.query(
    `SELECT t.id IS NOT NULL AS has_token,
            g.session_id IS NULL OR EXISTS (SELECT FROM sessions WHERE id = g.session_id AND expires_at > now()) AS signed_in,
            own.status AS token_status, s.status AS server_status,
            tenant.status AS tenant_status
       FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS g (token_id, server_id, session_id, n)
       LEFT JOIN tokens t ON t.id = g.token_id AND t.revoked_at IS NULL AND 'write' = ANY (t.scopes)
                         AND (t.expires_at IS NULL OR t.expires_at > now())
       LEFT JOIN tenants own ON own.id = t.tenant_id
       LEFT JOIN servers s ON s.id = g.server_id AND s.deleted_at IS NULL
       LEFT JOIN tenants tenant ON tenant.id = s.tenant_id
      ORDER BY g.n`,
    [
      grants.map(({ tokenId }) => tokenId),
      grants.map(({ serverId }) => serverId),
      grants.map(({ sessionId }) => sessionId),
    ],
  );
  return rows.map(refusalOf);
}

function refusalOf(row: Row): ConsoleRefusal | null {
  if (!row.has_token) return { close: 'revoked', reason: 'the token was revoked or has expired' };
  if (!row.signed_in) return { close: 'revoked', reason: 'the session was ended, or has expired' };
  if (row.server_status === null) return { close: 'deleted', reason: 'the server was deleted' };
  if (row.server_status === 'suspended') return { close: 'suspended', reason: 'the server was suspended' };
  const tenant = row.tenant_status === 'active' ? row.token_status : row.tenant_status;
  if (tenant !== null && tenant !== 'active')
    return { close: 'suspended', reason: `the tenant was ${tenant}` };
  return null;
}
