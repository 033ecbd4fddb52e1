import { z } from 'zod';

/**
 * What a host's driver can do. A request that needs one which the host lacks gets 422 `unsupported` with the
 * capability's name. `limit:<name>` says that the limit of that name is enforced, live.
 */
export const capabilitySchema = z.enum([
  'limit:cpu_units',
  'limit:cpu_limit_percent',
  'limit:ram_bytes',
  'limit:disk_bytes',
  'limit:num_proc',
  'exec',
  'ipv4',
  'ipv6',
]);

export type Capability = z.output<typeof capabilitySchema>;
export const allCapabilities: readonly Capability[] = capabilitySchema.options;
