import { beancounterUnits } from '@berth/contracts';
import type { Beancounter, BeancounterResource, Limits } from '@berth/contracts';
import type { ContainerUsage } from '../container-runtime';
import type { SimulatedContainer, SimulatedUse } from './simulated-state';

const PAGE_BYTES = 4096;
const MIB = 1024 ** 2;
/** Of a guest that nobody has set otherwise: a small one at rest. */
const AT_REST: Required<SimulatedUse> = {
  ramBytes: 24 * MIB,
  pinnedBytes: 2 * MIB,
  swapBytes: 0,
  diskBytes: 8 * MIB,
  inodes: 400,
  processes: 8,
  cpuPercent: 1,
  ioReadBps: 1024,
  ioWriteBps: 2048,
  netInBps: 8_000,
  netOutBps: 4_000,
};

/** `secondsUp` where its processes are not new. */
export function launched(container: SimulatedContainer, secondsUp = 0): SimulatedContainer {
  return {
    ...container,
    state: 'running',
    checkpointSeconds: null,
    pid: 1000 + (Number(container.spec.id.slice(2)) % 30_000),
    live: container.spec.limits,
    startedAt: Date.now() - secondsUp * 1000,
    ranSeconds: Math.max(0, (container.ranSeconds ?? 0) - secondsUp),
  };
}

export function halted(container: SimulatedContainer): SimulatedContainer {
  const ranSeconds = (container.ranSeconds ?? 0) + secondsUp(container, Date.now());
  const off = { pid: null, live: null, startedAt: null, ranSeconds, checkpointSeconds: null };
  return { ...container, state: 'stopped', ...off };
}

export function isUp({ state }: SimulatedContainer): boolean {
  return state === 'running' || state === 'frozen';
}

/** The first limit that is below what can't be taken away from the guest. */
export function findTooLow(
  container: SimulatedContainer,
  limits: Limits,
): { limit: string; used: number; requested: number } | null {
  const { diskBytes, inodes, pinnedBytes } = { ...AT_REST, diskBytes: 0, inodes: 0, ...container.use };
  const floors: Limits = {
    disk_bytes: diskBytes,
    disk_inodes: inodes,
    ram_bytes: isUp(container) ? pinnedBytes : 0,
  };
  for (const [limit, used] of Object.entries(floors) as [keyof Limits, number][]) {
    const requested = limits[limit];
    if (typeof requested === 'number' && requested < used) return { limit, used, requested };
  }
  return null;
}

/** Rates are steady, and none is above its limit: a sum is rate × time run. */
export function sample(container: SimulatedContainer, at: number): ContainerUsage {
  const { id, limits } = container.spec;
  const { state, startedAt } = container;
  const up = isUp(container);
  return {
    id,
    state,
    at,
    boot: up ? `simulated-${startedAt ?? 0}` : null,
    uptimeSeconds: up ? secondsUp(container, at) : null,
    beancounters: count({ ...AT_REST, ...container.use }, limits, up, ran(container, at)),
  };
}

function count(use: Required<SimulatedUse>, limits: Limits, up: boolean, seconds: number): Beancounter[] {
  const counters: Beancounter[] = [];
  const add = (resource: BeancounterResource, held: number, limit?: number | null, barrier = limit) => {
    const capped = Math.floor(limit === null || limit === undefined ? held : Math.min(held, limit));
    counters.push({
      resource,
      unit: beancounterUnits[resource],
      held: capped,
      maxheld: capped,
      barrier: barrier ?? null,
      limit: limit ?? null,
      failcnt: held > capped ? 1 : 0,
    });
  };
  const sum = (resource: BeancounterResource, rate: number, limit?: number | null) =>
    add(resource, (limit ? Math.min(rate, limit) : rate) * seconds);
  const pages = (bytes?: number | null) => (bytes ? Math.floor(bytes / PAGE_BYTES) : null);
  if (up) {
    const barrier = pages(limits.ram_barrier_bytes ?? limits.ram_bytes);
    add('physpages', use.ramBytes / PAGE_BYTES, pages(limits.ram_bytes), barrier);
    add('swappages', use.swapBytes / PAGE_BYTES, pages(limits.swap_bytes));
    add('kmemsize', use.ramBytes / 16);
    add('numproc', use.processes, limits.num_proc);
  }
  const percent = Math.min(limits.cpu_limit_percent ?? Infinity, (limits.cpus ?? Infinity) * 100);
  sum('cputime', use.cpuPercent * 10_000, percent === Infinity ? null : percent * 10_000);
  add('diskspace', use.diskBytes, limits.disk_bytes);
  add('diskinodes', use.inodes, limits.disk_inodes);
  sum('ioread', use.ioReadBps, limits.io_limit_bps);
  sum('iowrite', use.ioWriteBps, limits.io_limit_bps);
  sum('netin', use.netInBps / 8, limits.net_rate_in_bps && limits.net_rate_in_bps / 8);
  sum('netout', use.netOutBps / 8, limits.net_rate_out_bps && limits.net_rate_out_bps / 8);
  return counters;
}

/** What its disk holds, bytes. */
export function diskUse({ use }: SimulatedContainer): number {
  return use?.diskBytes ?? AT_REST.diskBytes;
}

export function memoryUse({ use }: SimulatedContainer): number {
  return use?.ramBytes ?? AT_REST.ramBytes;
}

function ran(container: SimulatedContainer, at: number): number {
  return (container.ranSeconds ?? 0) + secondsUp(container, at);
}

export function secondsUp(container: SimulatedContainer, at: number): number {
  return isUp(container) ? Math.max(0, (at - (container.startedAt ?? at)) / 1000) : 0;
}
