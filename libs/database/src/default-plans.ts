import type { Limits } from '@berth/contracts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

const plan = (cpuPercent: number, ram: number, disk: number, processes: number): Limits => ({
  cpu_units: Math.max(8, cpuPercent * 10),
  cpu_limit_percent: cpuPercent,
  ram_bytes: ram,
  disk_bytes: disk,
  num_proc: processes,
});

/** What a new installation sells, until the provider changes it. */
export const defaultPlans: readonly { name: string; description: string; limits: Limits }[] = [
  { name: 'nano', description: 'half a CPU, 256 MiB, 2 GiB disk', limits: plan(50, 256 * MIB, 2 * GIB, 256) },
  { name: 'micro', description: '1 CPU, 512 MiB, 5 GiB disk', limits: plan(100, 512 * MIB, 5 * GIB, 512) },
  { name: 'small', description: '1 CPU, 1 GiB, 10 GiB disk', limits: plan(100, GIB, 10 * GIB, 1024) },
  { name: 'medium', description: '2 CPUs, 2 GiB, 20 GiB disk', limits: plan(200, 2 * GIB, 20 * GIB, 2048) },
  { name: 'large', description: '4 CPUs, 8 GiB, 80 GiB disk', limits: plan(400, 8 * GIB, 80 * GIB, 4096) },
];
