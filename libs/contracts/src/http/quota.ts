import { z } from 'zod';

import { uuidSchema } from './list-query';
import { quotaAmountsSchema } from './tenants';

/** Billing and operators name the tenant; a customer has but one. */
export const quotaQuerySchema = z.strictObject({ tenant_id: uuidSchema.optional() });

export const quotaSchema = z.object({
  tenant_id: z.uuid(),
  /** `null`: no limit. */
  limits: quotaAmountsSchema,
  used: z.object({
    servers: z.int(),
    cpus: z.number(),
    ram_bytes: z.int(),
    disk_bytes: z.int(),
    ipv4: z.int(),
    snapshots: z.int(),
    snapshot_bytes: z.int(),
  }),
});
export type QuotaView = z.output<typeof quotaSchema>;
