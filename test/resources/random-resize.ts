import type { LimitName, Limits } from '@berth/contracts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** A stream of numbers in [0, 1) that a seed repeats (mulberry32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)]!;
  }
}

/** Good values of each limit; what a small host can do, and now and then what it has no room for. */
const good: Record<LimitName, (random: Random) => unknown> = {
  cpu_units: (random) => random.between(8, 500_000),
  cpu_limit_percent: (random) => random.pick([1, 12.5, 33.33333, 99.9994, 100, 250]),
  cpus: (random) => random.between(1, 4),
  cpu_mask: () => '0',
  node_mask: () => '0',
  ram_bytes: (random) => random.pick([32 * MIB, 100_000_001, 128 * MIB, 256 * MIB + 4095, GIB, 3 * GIB]),
  ram_barrier_bytes: (random) => random.between(24 * MIB, 64 * MIB),
  ram_guarantee_bytes: (random) => random.between(0, 64 * MIB),
  swap_bytes: (random) => random.between(0, 64 * MIB),
  disk_bytes: (random) => random.pick([40 * MIB, 200 * MIB, 999_999_999, 2 * GIB, 6 * GIB]),
  disk_inodes: (random) => random.between(100_000, 1_000_000),
  io_priority: (random) => random.between(0, 7),
  io_limit_bps: (random) => random.between(1, 64) * MIB,
  io_limit_iops: (random) => random.between(100, 10_000),
  num_proc: (random) => random.between(64, 4096),
  net_rate_in_bps: (random) => random.between(1, 1000) * 1_000_000,
  net_rate_out_bps: (random) => random.between(1, 1000) * 1_000_000,
};

const bad: readonly object[] = [
  {},
  { plan: 'no-such-plan' },
  { plan: 'x; reboot' },
  { limits: { ram_bytes: 4096 } },
  { limits: { ram_bytes: -1 } },
  { limits: { ram_bytes: '1G' } },
  { limits: { cpu_limit_percent: 0.999 } },
  { limits: { cpus: 1.5 } },
  { limits: { cpu_units: 7 } },
  { limits: { io_priority: 8 } },
  { limits: { cpu_mask: '0-' } },
  { limits: { num_proc: 7 } },
  { limits: { colour: 1 } },
  { limits: [] },
  { limits: null },
  { limits: { ram_bytes: 2 ** 60 } },
];

export const isBad = (body: object): boolean => bad.includes(body);

/** More than the hosts of these tests have at all, though within their tenants' quota. */
const tooMuch = (random: Random): Limits => ({ disk_bytes: random.between(10, 14) * GIB });

/** The body of a resize: good, bad, or good but too much. `names`: the limits that may be in it. */
export function randomResize(random: Random, names: readonly LimitName[], plans: readonly string[]): object {
  if (random.chance(0.15)) return random.pick(bad);
  if (random.chance(0.15)) return { plan: random.pick(plans) };
  if (random.chance(0.05)) return { limits: tooMuch(random) };
  return { limits: randomLimits(random, names) };
}

function randomLimits(random: Random, names: readonly LimitName[]): Limits {
  const count = random.between(0, 5);
  const entries = Array.from({ length: count }, () => {
    const name = random.pick(names);
    return [name, random.chance(0.2) ? null : good[name](random)] as const;
  });
  return Object.fromEntries(entries) as Limits;
}
