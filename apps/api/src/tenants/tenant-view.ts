import type { TenantView } from '@berth/contracts';
import type { TenantEntity } from '@berth/database';
import { isoTime } from '../http/time';
import { quotaAmounts } from './tenant-quota';

export const tenantView = (tenant: TenantEntity): TenantView => ({
  id: tenant.id,
  name: tenant.name,
  external_id: tenant.externalId,
  status: tenant.status,
  quota: quotaAmounts(tenant),
  reason: tenant.reason,
  terminate_at: isoTime(tenant.terminateAt),
  created_at: isoTime(tenant.createdAt),
});
