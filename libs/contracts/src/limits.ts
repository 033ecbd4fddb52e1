import { z } from 'zod';

const PAGE_BYTES = 4096;
const bytes = () => z.int().nonnegative().max(Number.MAX_SAFE_INTEGER);
/** Memory limits are whole pages; what a caller sends is rounded down and answered rounded. */
const pages = () => bytes().transform((value) => value - (value % PAGE_BYTES));
const cpuList = () =>
  z.string().regex(/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/, 'must be a CPU list such as 0-2,7');

/**
 * What a server may use. OpenVZ's vocabulary; sizes in bytes, rates in the unit that the name ends with
 * (`_bps` of disk limits is bytes per second, of net rates bits per second), as in the API.
 * `null` or absent: no limit of its own.
 */
export const limitsSchema = z.strictObject({
  /** Relative CPU weight, 8–500000; 1000 is an ordinary server. */
  cpu_units: z.int().min(8).max(500_000).nullish(),
  /** Percent of one CPU, to three decimals, as finely as the kernel takes it; 250 is two and a half CPUs. */
  cpu_limit_percent: z
    .number()
    .min(1)
    .max(1_000_000)
    .transform((value) => Math.round(value * 1000) / 1000)
    .nullish(),
  cpus: z.int().min(1).max(4096).nullish(),
  cpu_mask: cpuList().nullish(),
  node_mask: cpuList().nullish(),
  ram_bytes: pages()
    .pipe(z.int().min(4 * 1024 * 1024))
    .nullish(),
  ram_barrier_bytes: pages().nullish(),
  ram_guarantee_bytes: pages().nullish(),
  swap_bytes: pages().nullish(),
  disk_bytes: bytes()
    .min(1024 * 1024)
    .nullish(),
  disk_inodes: z.int().min(100).nullish(),
  io_priority: z.int().min(0).max(7).nullish(),
  io_limit_bps: bytes().nullish(),
  io_limit_iops: z.int().min(1).nullish(),
  num_proc: z.int().min(8).max(4_194_304).nullish(),
  net_rate_in_bps: bytes().nullish(),
  net_rate_out_bps: bytes().nullish(),
});

export type Limits = z.output<typeof limitsSchema>;
export type LimitName = keyof Limits;

/** Every limit's name, in the order of the API's documentation. */
export const limitNames = Object.keys(limitsSchema.shape) as LimitName[];
