import { beancounterUnits, type Beancounter, type BeancounterResource } from '@berth/contracts';

/** Resources whose `held` only grows: what is billed. */
export const SUM_RESOURCES = ['cputime', 'ioread', 'iowrite', 'netin', 'netout'] as const;
export type SumResource = (typeof SUM_RESOURCES)[number];

/** `[held, maxheld, barrier, limit, failcnt]`. */
export type Counter = [number, number, number | null, number | null, number];
/** What a host reported last of a container. */
export type Counters = Partial<Record<BeancounterResource, Counter>>;
/** What earlier hosts (and earlier records of the same host) counted, and the present one doesn't know of. */
export type CarriedCounters = Partial<
  Record<BeancounterResource, { held: number; maxheld: number; failcnt: number }>
>;

/** One container's counters as a host gives them. */
export interface CounterReading {
  hostId: string;
  /** Of the container: changes at each of its starts; null while it is stopped. */
  boot: string | null;
  counters: Counters;
}

/** What is kept of a server from sample to sample. */
export interface CounterState extends CounterReading {
  carried: CarriedCounters;
}

export interface Advance {
  state: CounterState;
  /** What was used since the reading before; never negative. */
  used: Record<SumResource, number>;
}

export const toCounters = (beancounters: readonly Beancounter[]): Counters =>
  Object.fromEntries(
    beancounters.map(({ resource, held, maxheld, barrier, limit, failcnt }) => [
      resource,
      [held, maxheld, barrier, limit, failcnt],
    ]),
  );

/**
 * Goes on from the last reading to the next. A host keeps a container's sums over its restarts, so they grow, unless
 * - they began anew: the container is on another host, or was made afresh. What was is carried, all that is new is use;
 * - they were set back a little: the host lost its power before its record was on disk. What is counted stays counted, and
 *   nothing twice.
 * `last` null: a server never seen before. `fromZero`: all that its host has counted is use, else only what comes.
 */
export function advanceCounters(last: CounterState | null, next: CounterReading, fromZero = true): Advance {
  if (last === null) {
    const used = eachSum((sum) => (fromZero ? heldOf(next.counters, sum) : 0));
    return { state: { ...next, carried: {} }, used };
  }
  const counters = { ...next.counters };
  for (const sum of SUM_RESOURCES) if (last.counters[sum]) counters[sum] ??= last.counters[sum];
  const grown = eachSum((sum) => heldOf(counters, sum) - heldOf(last.counters, sum));
  if (SUM_RESOURCES.every((sum) => grown[sum] >= 0))
    return { state: { ...next, counters, carried: last.carried }, used: grown };
  if (beganAnew(last, next, counters)) {
    // A sum that this host doesn't count is carried whole, and held by nobody now.
    for (const sum of SUM_RESOURCES) if (!next.counters[sum]) delete counters[sum];
    const used = eachSum((sum) => heldOf(counters, sum));
    return { state: { ...next, counters, carried: carry(last) }, used };
  }
  const carried = { ...last.carried };
  for (const sum of SUM_RESOURCES) {
    if (grown[sum] >= 0) continue;
    const before = carried[sum] ?? { held: 0, maxheld: 0, failcnt: 0 };
    carried[sum] = { ...before, held: before.held - grown[sum] };
  }
  return {
    state: { ...next, counters, carried },
    used: eachSum((sum) => Math.max(0, grown[sum])),
  };
}

/** The server's beancounters over all its hosts: sums and failcnt of all, maxheld the highest. */
export function totalBeancounters({ counters, carried }: CounterState): Beancounter[] {
  return (Object.keys(counters) as BeancounterResource[]).map((resource) => {
    const [held, maxheld, barrier, limit, failcnt] = counters[resource]!;
    const earlier = carried[resource] ?? { held: 0, maxheld: 0, failcnt: 0 };
    const isSum = (SUM_RESOURCES as readonly string[]).includes(resource);
    const total = isSum ? held + earlier.held : held;
    return {
      resource,
      unit: beancounterUnits[resource],
      held: total,
      maxheld: isSum ? total : Math.max(maxheld, earlier.maxheld),
      barrier,
      limit,
      failcnt: failcnt + earlier.failcnt,
    };
  });
}

const heldOf = (counters: Counters, sum: SumResource): number => counters[sum]?.[0] ?? 0;

const eachSum = (value: (sum: SumResource) => number) =>
  Object.fromEntries(SUM_RESOURCES.map((sum) => [sum, value(sum)])) as Record<SumResource, number>;

/**
 * Some sum is lower than it was. A power loss takes back seconds: every sum is still near what it was. A new record starts at
 * zero: it is not, unless all there was is little. Within one run of the container the kernel counts on: what is lower there
 * can only have been lost.
 */
function beganAnew(last: CounterState, next: CounterReading, counters: Counters): boolean {
  if (last.hostId !== next.hostId) return true;
  if (next.boot !== null && next.boot === last.boot) return false;
  return SUM_RESOURCES.some((sum) => heldOf(counters, sum) < heldOf(last.counters, sum) / 2);
}

function carry({ counters, carried }: CounterState): CarriedCounters {
  const sum: CarriedCounters = { ...carried };
  for (const [name, [held, maxheld, , , failcnt]] of Object.entries(counters)) {
    const resource = name as BeancounterResource;
    const before = sum[resource] ?? { held: 0, maxheld: 0, failcnt: 0 };
    const isSum = (SUM_RESOURCES as readonly string[]).includes(resource);
    sum[resource] = {
      held: isSum ? before.held + held : 0,
      maxheld: Math.max(before.maxheld, maxheld),
      failcnt: before.failcnt + failcnt,
    };
  }
  return sum;
}
