import { BerthError } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { entityFrom } from '../entity-from';
import { prepared } from '../prepared';
import { TenantEntity } from '../entities/tenant.entity';

const LOCK = prepared('lock_tenant', 'SELECT to_jsonb(t) AS tenant FROM tenants t WHERE id = $1 FOR UPDATE');

/** Locks the tenant until the transaction ends: the first lock of everything that changes what a tenant holds. */
export async function lockTenant(em: EntityManager, tenantId: string): Promise<TenantEntity> {
  const [row]: { tenant: Record<string, unknown> }[] = await em.query(LOCK, [tenantId]);
  if (!row) throw new BerthError('not_found', `there is no tenant ${tenantId}`);
  return entityFrom(em.connection, TenantEntity, row.tenant);
}

/** Throws `quota_exceeded` for the count of servers before anything else is looked at; the triggers check all five again. */
export function assertServerQuota(tenant: TenantEntity): void {
  if (tenant.usedServers < tenant.quotaServers) return;
  const details = { resource: 'servers', limit: tenant.quotaServers, used: tenant.usedServers, requested: 1 };
  throw new BerthError(
    'quota_exceeded',
    `the tenant's quota is ${details.limit} servers, and ${details.used} exist`,
    details,
  );
}
