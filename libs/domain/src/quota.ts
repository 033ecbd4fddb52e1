import { BerthError } from './berth-error';

/** What a tenant's quota counts. */
export interface QuotaUse {
  servers: number;
  cpus: number;
  ram_bytes: number;
  disk_bytes: number;
  ipv4: number;
  snapshots: number;
  snapshot_bytes: number;
}

/** Stands for "no limit": no tenant can reach it. The database's columns hold it. */
export const UNLIMITED: Readonly<QuotaUse> = {
  servers: 2_147_483_647,
  cpus: 9_999_999_999,
  ram_bytes: Number.MAX_SAFE_INTEGER,
  disk_bytes: Number.MAX_SAFE_INTEGER,
  ipv4: 2_147_483_647,
  snapshots: 2_147_483_647,
  snapshot_bytes: Number.MAX_SAFE_INTEGER,
};

const resources = Object.keys(UNLIMITED) as (keyof QuotaUse)[];

/** Throws `quota_exceeded` for the first resource that the request doesn't fit into. */
export function assertWithinQuota(limit: QuotaUse, used: QuotaUse, requested: Partial<QuotaUse>): void {
  for (const resource of resources) {
    const more = requested[resource] ?? 0;
    if (more === 0 || used[resource] + more <= limit[resource]) continue;
    const details = { resource, limit: limit[resource], used: used[resource], requested: more };
    throw new BerthError(
      'quota_exceeded',
      `the tenant's quota of ${resource} is ${details.limit}; ${details.used} in use, ${details.requested} requested`,
      details,
    );
  }
}
