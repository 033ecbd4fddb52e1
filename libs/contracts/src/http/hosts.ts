import { z } from 'zod';

import { dnsLabelSchema } from '../names';
import { driverSchema, hostStateSchema } from '../states';
import {
  anyOfParameter,
  flagParameter,
  idsParameter,
  listQuerySchema,
  referenceSchema,
  timeSchema,
} from './list-query';

/** An IP address or a host name; never anything that ssh could read as an option. */
const addressSchema = z
  .string()
  .regex(/^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9:])?$/, 'must be an IP address or a host name');

const userSchema = z
  .string()
  .max(32)
  .regex(/^[a-z_][a-z0-9_-]*$/, 'must be a user name: a–z, 0–9, _ and -, starting with a letter or _');

/** As `ssh-keygen -l` prints it. */
const fingerprintSchema = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'must be a fingerprint such as ssh-keygen prints: SHA256:…');

const bytes = () => z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** Stated capacity; what is absent is taken from what the host reports at enrolment. */
export const hostCapacityBodySchema = z.strictObject({
  cpus: z.number().min(0.01).max(100_000).nullish(),
  ram_bytes: bytes().nullish(),
  disk_bytes: bytes().nullish(),
});

const factor = () => z.number().min(0.01).max(1000);

/** How many times its capacity a host may be sold. */
export const overcommitBodySchema = z.strictObject({
  cpus: factor().optional(),
  ram: factor().optional(),
  disk: factor().optional(),
});

export const createHostBodySchema = z
  .strictObject({
    name: dnsLabelSchema,
    address: addressSchema.optional(),
    port: z.int().min(1).max(65_535).default(22),
    user: userSchema.default('root'),
    /** OpenSSH or PEM text without passphrase. Sealed at once, never answered. */
    private_key: z.string().max(32_768).nullish(),
    host_key_fingerprint: fingerprintSchema.nullish(),
    driver: driverSchema.default('lxc'),
    location: referenceSchema,
    capacity: hostCapacityBodySchema.default({}),
    overcommit: overcommitBodySchema.default({}),
  })
  .superRefine((body, context) => {
    if (body.driver === 'simulated') return;
    const missing = (field: 'address' | 'private_key') =>
      context.addIssue({ code: 'custom', path: [field], message: `is needed for the driver ${body.driver}` });
    if (!body.address) missing('address');
    if (!body.private_key) missing('private_key');
  });
export type CreateHostBody = z.output<typeof createHostBodySchema>;

/** What is not named stays. `location` only while no server is on the host. */
export const patchHostBodySchema = z.strictObject({
  name: dnsLabelSchema.optional(),
  location: referenceSchema.optional(),
  capacity: hostCapacityBodySchema.optional(),
  overcommit: overcommitBodySchema.optional(),
});
export type PatchHostBody = z.output<typeof patchHostBodySchema>;

export const listHostsQuerySchema = listQuerySchema(['name', 'created_at', 'id'], {
  name: dnsLabelSchema.optional(),
  id: idsParameter.optional(),
  status: anyOfParameter(hostStateSchema).optional(),
  location: referenceSchema.optional(),
  driver: driverSchema.optional(),
  reachable: flagParameter.optional(),
});
export type ListHostsQuery = z.output<typeof listHostsQuerySchema>;

const amounts = z.object({ cpus: z.number(), ram_bytes: z.int(), disk_bytes: z.int() });

/** What a driver reports of its host; drivers may tell more. */
const hostFactsSchema = z.looseObject({
  hostname: z.string().optional(),
  kernel: z.string().optional(),
  architecture: z.string().optional(),
  cgroup: z.string().optional(),
  cpus: z.number().optional(),
  ramBytes: z.int().optional(),
  disk: z.object({ totalBytes: z.int(), freeBytes: z.int() }).optional(),
  versions: z.record(z.string(), z.string()).optional(),
});

export const hostSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  driver: driverSchema,
  location: z.string(),
  address: z.string(),
  port: z.int(),
  user: z.string(),
  host_key_fingerprint: z.string().nullable(),
  status: hostStateSchema,
  reachable: z.boolean(),
  last_seen_at: timeSchema.nullable(),
  last_error: z.string().nullable(),
  architecture: z.string().nullable(),
  capabilities: z.array(z.string()),
  /** What enrolment found out; null before. */
  facts: hostFactsSchema.nullable(),
  capacity: amounts,
  overcommit: z.object({ cpus: z.number(), ram: z.number(), disk: z.number() }),
  used: amounts.extend({ servers: z.int() }),
  created_at: timeSchema,
});
export type HostView = z.output<typeof hostSchema>;

const series = z.array(z.tuple([z.int(), z.number().nullable()]));

/** Averages of the steps: `[t, v]`, t the step's start in seconds since 1970; null where the host was not sampled. */
export const hostMetricSeriesSchema = z.object({
  servers: series,
  /** What its servers used. CPUs as a number: 2.5 is two and a half. */
  used_cpus: series,
  used_ram_bytes: series,
  used_disk_bytes: series,
  /** What was sold of it. */
  allocated_cpus: series,
  allocated_ram_bytes: series,
  allocated_disk_bytes: series,
  /** Without overcommit. */
  capacity_cpus: series,
  capacity_ram_bytes: series,
  capacity_disk_bytes: series,
});
export type HostMetricSeries = z.output<typeof hostMetricSeriesSchema>;

export const hostMetricsSchema = z.object({
  from: timeSchema,
  to: timeSchema,
  /** Seconds. */
  step: z.int(),
  series: hostMetricSeriesSchema,
});
export type HostMetricsView = z.output<typeof hostMetricsSchema>;
