import type { LiveResource } from '@berth/contracts';
import type { CommittedChange } from '@berth/database';

/** Who is told: all; billing and operators; operators; or those who may see the tenant's things. */
export type Reach = 'everyone' | 'staff' | 'operators' | { tenantId: string };

/** What a change makes old, beside operations and servers that are told one by one. */
export interface StaleResource {
  resource: LiveResource;
  reach: Reach;
}

/** By an audit event's target; those of a tenant are its own, those of none the provider's. */
const BY_TARGET: Partial<Record<string, { resource: LiveResource; ownerless: Reach }>> = {
  host: { resource: 'hosts', ownerless: 'operators' },
  ip_pool: { resource: 'ip_pools', ownerless: 'operators' },
  location: { resource: 'locations', ownerless: 'everyone' },
  plan: { resource: 'plans', ownerless: 'everyone' },
  snapshot: { resource: 'snapshots', ownerless: 'operators' },
  template: { resource: 'templates', ownerless: 'everyone' },
  tenant: { resource: 'tenants', ownerless: 'operators' },
  token: { resource: 'tokens', ownerless: 'staff' },
  webhook: { resource: 'webhooks', ownerless: 'staff' },
};

const SNAPSHOTS = /_snapshot$|^clone_server$|^delete_server$/;
/** They take or give back what a quota counts. */
const COUNTED = /^(create|clone|delete|resize)_server$|_snapshot$/;
const ADDRESSES = /^(create|clone|delete)_server$|_address$/;

function ofOperation(kind: string, owner: Reach): StaleResource[] {
  return [
    ...(SNAPSHOTS.test(kind) ? [{ resource: 'snapshots' as const, reach: owner }] : []),
    ...(COUNTED.test(kind) || ADDRESSES.test(kind) ? [{ resource: 'quota' as const, reach: owner }] : []),
    ...(ADDRESSES.test(kind) ? [{ resource: 'ip_pools' as const, reach: 'operators' as const }] : []),
  ];
}

export function staleResources(change: CommittedChange): StaleResource[] {
  const { type, tenantId, target, operationKind } = change;
  const owner: Reach = tenantId === null ? 'operators' : { tenantId };
  if (operationKind !== null) return ofOperation(operationKind, owner);
  if (type === 'quota.warning') return [{ resource: 'quota', reach: owner }];
  if (type === 'usage.window_closed') return [{ resource: 'usage', reach: owner }];
  const found = BY_TARGET[target.type];
  if (!found) return [];
  const reach = tenantId === null ? found.ownerless : { tenantId };
  const quota = target.type === 'tenant' ? [{ resource: 'quota' as const, reach }] : [];
  return [{ resource: found.resource, reach }, ...quota];
}
