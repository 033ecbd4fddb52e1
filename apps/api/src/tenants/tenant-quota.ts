import type { QuotaAmounts, QuotaBody } from '@berth/contracts';
import type { TenantEntity } from '@berth/database';
import { type QuotaUse, UNLIMITED } from '@berth/domain';

type QuotaColumns = Pick<
  TenantEntity,
  | 'quotaServers'
  | 'quotaCpus'
  | 'quotaRamBytes'
  | 'quotaDiskBytes'
  | 'quotaIpv4'
  | 'quotaSnapshots'
  | 'quotaSnapshotBytes'
>;

/** The columns of what is named; `null` takes a limit away. */
export function quotaColumns(quota: QuotaBody): Partial<QuotaColumns> {
  const columns: Partial<QuotaColumns> = {};
  if (quota.servers !== undefined) columns.quotaServers = quota.servers ?? UNLIMITED.servers;
  if (quota.cpus !== undefined) columns.quotaCpus = quota.cpus ?? UNLIMITED.cpus;
  if (quota.ram_bytes !== undefined) columns.quotaRamBytes = quota.ram_bytes ?? UNLIMITED.ram_bytes;
  if (quota.disk_bytes !== undefined) columns.quotaDiskBytes = quota.disk_bytes ?? UNLIMITED.disk_bytes;
  if (quota.ipv4 !== undefined) columns.quotaIpv4 = quota.ipv4 ?? UNLIMITED.ipv4;
  if (quota.snapshots !== undefined) columns.quotaSnapshots = quota.snapshots ?? UNLIMITED.snapshots;
  if (quota.snapshot_bytes !== undefined)
    columns.quotaSnapshotBytes = quota.snapshot_bytes ?? UNLIMITED.snapshot_bytes;
  return columns;
}

export const noQuota: QuotaColumns = {
  quotaServers: UNLIMITED.servers,
  quotaCpus: UNLIMITED.cpus,
  quotaRamBytes: UNLIMITED.ram_bytes,
  quotaDiskBytes: UNLIMITED.disk_bytes,
  quotaIpv4: UNLIMITED.ipv4,
  quotaSnapshots: UNLIMITED.snapshots,
  quotaSnapshotBytes: UNLIMITED.snapshot_bytes,
};

export function quotaOf(tenant: TenantEntity): QuotaUse {
  return {
    servers: tenant.quotaServers,
    cpus: tenant.quotaCpus,
    ram_bytes: tenant.quotaRamBytes,
    disk_bytes: tenant.quotaDiskBytes,
    ipv4: tenant.quotaIpv4,
    snapshots: tenant.quotaSnapshots,
    snapshot_bytes: tenant.quotaSnapshotBytes,
  };
}

export function usedBy(tenant: TenantEntity): QuotaUse {
  return {
    servers: tenant.usedServers,
    cpus: tenant.usedCpus,
    ram_bytes: tenant.usedRamBytes,
    disk_bytes: tenant.usedDiskBytes,
    ipv4: tenant.usedIpv4,
    snapshots: tenant.usedSnapshots,
    snapshot_bytes: tenant.usedSnapshotBytes,
  };
}

/** As answered: null where there is no limit. */
export function quotaAmounts(tenant: TenantEntity): QuotaAmounts {
  const entries = Object.entries(quotaOf(tenant)) as [keyof QuotaUse, number][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value >= UNLIMITED[name] ? null : value]),
  ) as unknown as QuotaAmounts;
}
