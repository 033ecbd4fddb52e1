import type { Limits, Price } from '@berth/contracts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

const plan = (cpuPercent: number, ram: number, disk: number, processes: number): Limits => ({
  cpu_units: Math.max(8, cpuPercent * 10),
  cpu_limit_percent: cpuPercent,
  ram_bytes: ram,
  disk_bytes: disk,
  num_proc: processes,
});

/** The cap is what 667 hours cost, about: a month that is not quite whole costs no less than a whole one. */
const price = (hourlyMicros: number, monthlyCapMicros: number, includedGib: number): Price => ({
  currency: 'EUR',
  hourly_micros: hourlyMicros,
  monthly_cap_micros: monthlyCapMicros,
  included_traffic_bytes: includedGib * GIB,
  overage_micros_per_gib: 1000,
});

export interface DefaultPlan {
  name: string;
  description: string;
  limits: Limits;
  price: Price;
}

/** What a new installation sells, until the provider changes it. */
export const defaultPlans: readonly DefaultPlan[] = [
  {
    name: 'nano',
    description: 'half a CPU, 256 MiB, 2 GiB disk',
    limits: plan(50, 256 * MIB, 2 * GIB, 256),
    price: price(3000, 2_000_000, 500),
  },
  {
    name: 'micro',
    description: '1 CPU, 512 MiB, 5 GiB disk',
    limits: plan(100, 512 * MIB, 5 * GIB, 512),
    price: price(4500, 3_000_000, 1000),
  },
  {
    name: 'small',
    description: '1 CPU, 1 GiB, 10 GiB disk',
    limits: plan(100, GIB, 10 * GIB, 1024),
    price: price(7500, 5_000_000, 2000),
  },
  {
    name: 'medium',
    description: '2 CPUs, 2 GiB, 20 GiB disk',
    limits: plan(200, 2 * GIB, 20 * GIB, 2048),
    price: price(15_000, 10_000_000, 4000),
  },
  {
    name: 'large',
    description: '4 CPUs, 8 GiB, 80 GiB disk',
    limits: plan(400, 8 * GIB, 80 * GIB, 4096),
    price: price(48_000, 32_000_000, 8000),
  },
];
