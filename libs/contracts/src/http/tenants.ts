import { z } from 'zod';

import { externalIdSchema } from '../names';
import { tenantStatusSchema } from '../states';
import { idsParameter, listQuerySchema, searchParameter, timeSchema } from './list-query';

/** A customer's name for people: letters of any script, no shell's metacharacters. */
export const tenantNameSchema = z
  .string()
  .max(100)
  .regex(
    /^[\p{L}\p{N}]([\p{L}\p{M}\p{N} ._,@+-]*[\p{L}\p{M}\p{N}.])?$/u,
    'must be letters, digits, spaces and . _ , @ + -',
  );

const count = () => z.int().min(0).max(1_000_000_000);
const amount = () => z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What a tenant may order in all. `null` or absent: no limit. CPUs may be fractions. */
export const quotaBodySchema = z.strictObject({
  servers: count().nullish(),
  cpus: z.number().min(0).max(1_000_000).nullish(),
  ram_bytes: amount().nullish(),
  disk_bytes: amount().nullish(),
  ipv4: count().nullish(),
  snapshots: count().nullish(),
  /** Of all snapshots together; looked at when another one is asked for. */
  snapshot_bytes: amount().nullish(),
});
export type QuotaBody = z.output<typeof quotaBodySchema>;

export const createTenantBodySchema = z.strictObject({
  name: tenantNameSchema,
  external_id: externalIdSchema.nullish(),
  quota: quotaBodySchema.default({}),
});
export type CreateTenantBody = z.output<typeof createTenantBodySchema>;

/** What is not named stays, also inside `quota`. */
export const patchTenantBodySchema = z.strictObject({
  name: tenantNameSchema.optional(),
  external_id: externalIdSchema.nullish(),
  quota: quotaBodySchema.optional(),
});
export type PatchTenantBody = z.output<typeof patchTenantBodySchema>;

export const listTenantsQuerySchema = listQuerySchema(['created_at', 'name', 'external_id', 'id'], {
  /** A part of the name or external id, or the beginning of the id. */
  id: idsParameter.optional(),
  search: searchParameter.optional(),
  name: tenantNameSchema.optional(),
  external_id: externalIdSchema.optional(),
  status: tenantStatusSchema.optional(),
});
export type ListTenantsQuery = z.output<typeof listTenantsQuerySchema>;

export const quotaAmountsSchema = z.object({
  servers: z.int().nullable(),
  cpus: z.number().nullable(),
  ram_bytes: z.int().nullable(),
  disk_bytes: z.int().nullable(),
  ipv4: z.int().nullable(),
  snapshots: z.int().nullable(),
  snapshot_bytes: z.int().nullable(),
});
export type QuotaAmounts = z.output<typeof quotaAmountsSchema>;

export const tenantSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  external_id: z.string().nullable(),
  status: tenantStatusSchema,
  quota: quotaAmountsSchema,
  /** Of its suspension or termination. */
  reason: z.string().nullable(),
  /** When its servers will be deleted: its termination can be taken back until then. */
  terminate_at: timeSchema.nullable(),
  created_at: timeSchema,
});
export type TenantView = z.output<typeof tenantSchema>;
