import type { Limits } from '@berth/contracts';

/** What a server takes of its tenant's quota and of its host's capacity. */
export interface ResourceDemand {
  /** CPUs, fractions allowed. */
  cpus: number;
  ram_bytes: number;
  disk_bytes: number;
}

const GIB = 1024 ** 3;

/**
 * What a server with these limits is accounted for. A limit that is not set is unlimited on the host, but has to weigh
 * something: one CPU, 1 GiB, 10 GiB.
 */
export function demandOf(limits: Limits): ResourceDemand {
  return {
    cpus: limits.cpus ?? (limits.cpu_limit_percent != null ? limits.cpu_limit_percent / 100 : 1),
    ram_bytes: limits.ram_bytes ?? GIB,
    disk_bytes: limits.disk_bytes ?? 10 * GIB,
  };
}
