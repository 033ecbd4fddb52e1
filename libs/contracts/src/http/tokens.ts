import { z } from 'zod';

import { tenantNameSchema } from './tenants';
import { roleSchema } from '../states';
import { listQuerySchema, timeSchema, uuidSchema } from './list-query';

/** `read` allows GET, `write` everything else; `write` without `read` makes no sense and is refused. */
export const scopeSchema = z.enum(['read', 'write']);
export type Scope = z.output<typeof scopeSchema>;

export const scopesSchema = z
  .array(scopeSchema)
  .min(1)
  .max(2)
  .refine((scopes) => scopes.includes('read'), 'must include read')
  .transform((scopes) => [...new Set(scopes)].sort());

export const createTokenBodySchema = z.strictObject({
  name: tenantNameSchema.default('token'),
  scopes: scopesSchema.default(['read', 'write']),
  /** Only for operators, without a tenant: a customer's token is made at /v1/tenants/:id/tokens. */
  role: roleSchema.optional(),
});
export type CreateTokenBody = z.output<typeof createTokenBodySchema>;

export const listTokensQuerySchema = listQuerySchema(['created_at', 'name', 'id'], {
  name: tenantNameSchema.optional(),
  tenant_id: uuidSchema.optional(),
  role: roleSchema.optional(),
});
export type ListTokensQuery = z.output<typeof listTokensQuerySchema>;

export const tokenSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  role: roleSchema,
  scopes: z.array(scopeSchema),
  tenant_id: z.uuid().nullable(),
  created_at: timeSchema,
  /** Coarse: written at most once in some minutes. */
  last_used_at: timeSchema.nullable(),
});
export type TokenView = z.output<typeof tokenSchema>;
