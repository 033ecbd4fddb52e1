import { BerthError } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { TenantEntity } from '../entities/tenant.entity';

/** Locks the tenant until the transaction ends: the first lock of everything that changes what a tenant holds. */
export async function lockTenant(em: EntityManager, tenantId: string): Promise<TenantEntity> {
  const tenant = await em.findOne(TenantEntity, {
    where: { id: tenantId },
    lock: { mode: 'pessimistic_write' },
  });
  if (!tenant) throw new BerthError('not_found', `there is no tenant ${tenantId}`);
  return tenant;
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
