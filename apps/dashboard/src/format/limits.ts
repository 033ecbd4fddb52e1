import type { Limits } from '../api/types';
import { bitRate, byteRate, bytes, count, percent } from './amounts';
import type { AmountKind } from './parse-amount';

export type LimitName = keyof Limits;

interface LimitInfo {
  label: string;
  kind: AmountKind;
  help: string;
}

/** Every limit in words, in the order of the API's documentation. */
export const limitInfo: Record<LimitName, LimitInfo> = {
  cpu_units: { label: 'CPU weight', kind: 'count', help: 'Share when CPUs are scarce; 1000 is ordinary' },
  cpu_limit_percent: { label: 'CPU limit', kind: 'percent', help: 'Of one CPU: 250 is two and a half' },
  cpus: { label: 'CPUs', kind: 'count', help: 'That the server sees' },
  cpu_mask: { label: 'CPU list', kind: 'text', help: 'Only these CPUs of the host, such as 0-2,7' },
  node_mask: { label: 'NUMA nodes', kind: 'text', help: 'Only these memory nodes, such as 0' },
  ram_bytes: { label: 'Memory', kind: 'bytes', help: 'Such as 2 GiB' },
  ram_barrier_bytes: { label: 'Memory barrier', kind: 'bytes', help: 'Above it the server is slowed down' },
  ram_guarantee_bytes: {
    label: 'Guaranteed memory',
    kind: 'bytes',
    help: 'Kept even when the host is short',
  },
  swap_bytes: { label: 'Swap', kind: 'bytes', help: 'Such as 512 MiB' },
  disk_bytes: { label: 'Disk', kind: 'bytes', help: 'Such as 20 GiB' },
  disk_inodes: { label: 'Files (inodes)', kind: 'count', help: 'Files and directories, at most' },
  io_priority: { label: 'Disk priority', kind: 'count', help: '0 (least) to 7 (most)' },
  io_limit_bps: { label: 'Disk speed', kind: 'byteRate', help: 'A second, such as 100 MiB' },
  io_limit_iops: { label: 'Disk operations', kind: 'count', help: 'A second' },
  num_proc: { label: 'Processes', kind: 'count', help: 'Processes and threads, at most' },
  net_rate_in_bps: { label: 'Network in', kind: 'bitRate', help: 'Such as 100 Mbit/s' },
  net_rate_out_bps: { label: 'Network out', kind: 'bitRate', help: 'Such as 100 Mbit/s' },
};

export const limitNames = Object.keys(limitInfo) as LimitName[];

/** A limit's value for people. Null: no limit of its own. */
export function limitText(name: LimitName, value: number | string | null | undefined): string {
  if (value == null) return 'no limit';
  if (typeof value === 'string') return value;
  const formats = { bytes, byteRate, bitRate, count, percent, number: count, text: String };
  return formats[limitInfo[name].kind](value);
}

/** How many CPUs' time it may use: `0.5 CPUs`. */
export function cpusText({ cpus, cpu_limit_percent }: Limits): string {
  const amount = cpu_limit_percent != null ? cpu_limit_percent / 100 : cpus;
  if (amount === null) return 'shared CPUs';
  return `${count(amount)} ${amount === 1 ? 'CPU' : 'CPUs'}`;
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
