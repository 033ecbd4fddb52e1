import { z } from 'zod';

/**
 * What is metered, and the unit of its quantities, which are whole numbers: `ms` milliseconds, `us` microseconds of CPU time,
 * `byte` bytes, `byte_ms` bytes times milliseconds that they were held (a GiB-hour is 2^30 × 3,600,000), `address_ms` addresses times
 * milliseconds.
 */
export const meterUnits = {
  /** Time in each state; a record per plan. */
  running_time: 'ms',
  stopped_time: 'ms',
  frozen_time: 'ms',
  suspended_time: 'ms',
  error_time: 'ms',
  /** Being made: not billed. */
  creating_time: 'ms',
  /** What the server's limits allot to it, from when it has been made to its deletion, in whatever state. */
  allocated_ram: 'byte_ms',
  allocated_disk: 'byte_ms',
  snapshot_storage: 'byte_ms',
  /** From when they are given to the server until they are taken. */
  ipv4_addresses: 'address_ms',
  ipv6_addresses: 'address_ms',
  /** By the samples taken in the window. */
  cpu: 'us',
  traffic_in: 'byte',
  traffic_out: 'byte',
} as const;

export type Meter = keyof typeof meterUnits;
export const meters = Object.keys(meterUnits) as [Meter, ...Meter[]];
export const meterSchema = z.enum(meters);

/** The meters whose sum is the time that is billed: a server that exists costs, in whatever state. */
export const billedTimeMeters = [
  'running_time',
  'stopped_time',
  'frozen_time',
  'suspended_time',
  'error_time',
] as const satisfies readonly Meter[];
