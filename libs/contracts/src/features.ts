import { z } from 'zod';

/**
 * What a server may use of the kernel beyond the ordinary; off by default. `tun`, `ppp` and `fuse` are device nodes, `ipsec`
 * is XFRM inside, `nesting` containers inside it, `quota` disk quotas of its own users and groups.
 */
export const featureSchema = z.enum(['tun', 'ppp', 'fuse', 'ipsec', 'nesting', 'quota']);
export type Feature = z.output<typeof featureSchema>;
export const featureNames: readonly Feature[] = featureSchema.options;

/** A node of the host below /dev (a disk, a partition, a serial port …), or the name of one of its network interfaces. */
export const deviceNameSchema = z
  .string()
  .max(120)
  .regex(
    /^(\/dev(\/[A-Za-z0-9][A-Za-z0-9._:+-]*){1,4}|[a-z][a-z0-9._-]{0,14})$/,
    'must be a device node such as /dev/ttyS0 or the name of a network interface such as eth1',
  );

/** What the server may do with the node; of no meaning for a network interface, which moves in as a whole. */
export const deviceAccessSchema = z.enum(['r', 'w', 'rw']);

export const deviceSchema = z.strictObject({
  device: deviceNameSchema,
  access: deviceAccessSchema.default('rw'),
});
export type Device = z.output<typeof deviceSchema>;
