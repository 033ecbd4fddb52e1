import type { Limits } from '../api/types';
import { bitRate, byteRate, bytes, count, percent } from './amounts';

type LimitName = keyof Limits;

/** What limits are called, in the order in which people ask for them. */
export const limitLabels: Record<LimitName, string> = {
  cpus: 'CPUs',
  cpu_limit_percent: 'CPU time (100 % is one CPU)',
  cpu_units: 'CPU weight',
  cpu_mask: 'Only these CPUs',
  node_mask: 'Only these memory nodes',
  ram_bytes: 'Memory',
  ram_barrier_bytes: 'Memory, slowed down from',
  ram_guarantee_bytes: 'Memory, guaranteed',
  swap_bytes: 'Swap',
  disk_bytes: 'Disk',
  disk_inodes: 'Files and directories',
  io_priority: 'Disk priority (0–7)',
  io_limit_bps: 'Disk speed',
  io_limit_iops: 'Disk operations a second',
  num_proc: 'Processes',
  net_rate_in_bps: 'Network in',
  net_rate_out_bps: 'Network out',
};

export const limitNames = Object.keys(limitLabels) as LimitName[];

const formats: Partial<Record<LimitName, (value: number) => string>> = {
  cpu_limit_percent: percent,
  io_limit_bps: byteRate,
  net_rate_in_bps: bitRate,
  net_rate_out_bps: bitRate,
};

/** `no limit` where there is none of its own. */
export function limitText(name: LimitName, value: number | string | null | undefined): string {
  if (value == null) return 'no limit';
  if (typeof value === 'string') return value;
  return (formats[name] ?? (name.endsWith('_bytes') ? bytes : count))(value);
}

/** How many CPUs' time it may use; null: as many as the host has. */
export const cpusOf = ({ cpus, cpu_limit_percent }: Limits): number | null =>
  cpu_limit_percent != null ? cpu_limit_percent / 100 : cpus;

export function cpusText(limits: Limits): string {
  const cpus = cpusOf(limits);
  if (cpus === null) return 'shared CPUs';
  return `${count(cpus)} ${cpus === 1 ? 'CPU' : 'CPUs'}`;
}

/** `1 CPU · 512 MiB · 5 GiB`. */
export const limitsInShort = (limits: Limits) =>
  [
    cpusText(limits),
    limits.ram_bytes === null ? 'any memory' : bytes(limits.ram_bytes),
    limits.disk_bytes === null ? 'any disk' : bytes(limits.disk_bytes),
  ].join(' · ');

const GIB = 1024 ** 3;

/** What a server with these limits counts for in its tenant's quota: what has no limit weighs what the API says of it. */
export const demandOf = (limits: Limits) => ({
  cpus: limits.cpus ?? (limits.cpu_limit_percent != null ? limits.cpu_limit_percent / 100 : 1),
  ram_bytes: limits.ram_bytes ?? GIB,
  disk_bytes: limits.disk_bytes ?? 10 * GIB,
});
