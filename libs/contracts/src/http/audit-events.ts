import { z } from 'zod';

import { listQuerySchema, timeSchema, uuidSchema } from './list-query';

const word = z.string().regex(/^[a-z_]+(\.[a-z_]+)?$/, 'must be a name such as server.create');

export const listAuditEventsQuerySchema = listQuerySchema(['at', 'id'], {
  tenant_id: uuidSchema.optional(),
  actor: z.union([uuidSchema, z.literal('system')]).optional(),
  action: word.optional(),
  target_type: word.optional(),
  target_id: uuidSchema.optional(),
  request_id: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,128}$/, 'not a request id')
    .optional(),
});
export type ListAuditEventsQuery = z.output<typeof listAuditEventsQuerySchema>;

export const auditEventSchema = z.object({
  id: z.uuid(),
  at: timeSchema,
  /** Id of a token, or `system`. */
  actor: z.string(),
  role: z.string(),
  tenant_id: z.uuid().nullable(),
  action: z.string(),
  target: z.object({ type: z.string(), id: z.string() }),
  request_id: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type AuditEventView = z.output<typeof auditEventSchema>;
