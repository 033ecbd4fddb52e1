import { z } from 'zod';

import { limitsSchema } from '../limits';
import { descriptionSchema, resourceNameSchema } from '../names';
import { priceSchema } from '../price';
import { listQuerySchema, timeSchema } from './list-query';

const integer = () => z.int().nullable();

/** Limits as answered: every name is there, `null` means no limit of its own. */
export const limitsViewSchema = z.object({
  cpu_units: integer(),
  cpu_limit_percent: z.number().nullable(),
  cpus: integer(),
  cpu_mask: z.string().nullable(),
  node_mask: z.string().nullable(),
  ram_bytes: integer(),
  ram_barrier_bytes: integer(),
  ram_guarantee_bytes: integer(),
  swap_bytes: integer(),
  disk_bytes: integer(),
  disk_inodes: integer(),
  io_priority: integer(),
  io_limit_bps: integer(),
  io_limit_iops: integer(),
  num_proc: integer(),
  net_rate_in_bps: integer(),
  net_rate_out_bps: integer(),
});
export type LimitsView = z.output<typeof limitsViewSchema>;

export const createPlanBodySchema = z.strictObject({
  name: resourceNameSchema,
  description: descriptionSchema.default(''),
  limits: limitsSchema,
  /** Null: its servers are not billed. */
  price: priceSchema.nullable().default(null),
});
export type CreatePlanBody = z.output<typeof createPlanBodySchema>;

/** `limits` merges: what is not named stays. Servers that exist keep what they were ordered with. */
export const patchPlanBodySchema = z.strictObject({
  name: resourceNameSchema.optional(),
  description: descriptionSchema.optional(),
  limits: limitsSchema.optional(),
  /** The whole of it. A plan's first price holds from the hour that it is set in, another from the next full hour (UTC) on. */
  price: priceSchema.nullable().optional(),
});
export type PatchPlanBody = z.output<typeof patchPlanBodySchema>;

export const listPlansQuerySchema = listQuerySchema(['name', 'created_at', 'id'], {
  name: resourceNameSchema.optional(),
});
export type ListPlansQuery = z.output<typeof listPlansQuerySchema>;

export const planSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string(),
  limits: limitsViewSchema,
  /** As set last; a price that was changed holds from the next full hour on. */
  price: priceSchema.nullable(),
  created_at: timeSchema,
});
export type PlanView = z.output<typeof planSchema>;
