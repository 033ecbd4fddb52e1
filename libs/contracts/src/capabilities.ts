import { z } from 'zod';
import { featureSchema } from './features';
import { limitNames } from './limits';
import type { LimitName } from './limits';

const limitCapabilities = limitNames.map((name) => `limit:${name}` as const) as [`limit:${LimitName}`];
const featureCapabilities = featureSchema.options.map((name) => `feature:${name}` as const);

/**
 * What a host's driver can do. A request that needs one which the host lacks gets 422 `unsupported` with the
 * capability's name. `limit:<name>` says that the limit of that name is enforced, live; `quota:second_level` that
 * users and groups inside a server can have disk quotas of their own; `feature:<name>` that the kernel has it;
 * `devices` that device nodes and network interfaces of the host can be given to a server. `snapshots:memory`: with the
 * running processes; `checkpoint`: they can be written to disk and go on later; `migrate:memory_precopy`: memory is copied
 * in rounds while the server runs.
 */
export const capabilitySchema = z.enum([
  ...limitCapabilities,
  ...featureCapabilities,
  'quota:second_level',
  'devices',
  'snapshots',
  'snapshots:memory',
  'clone',
  'freeze',
  'checkpoint',
  'migrate:offline',
  'migrate:live',
  'migrate:memory_precopy',
  'exec',
  'ipv4',
  'ipv6',
]);

export type Capability = z.output<typeof capabilitySchema>;
export const allCapabilities: readonly Capability[] = capabilitySchema.options;
