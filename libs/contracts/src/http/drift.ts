import { z } from 'zod';

import { flagParameter, listQuerySchema, timeSchema, uuidSchema } from './list-query';

export const listDriftQuerySchema = listQuerySchema(['found_at', 'id'], {
  host_id: uuidSchema.optional(),
  server_id: uuidSchema.optional(),
  kind: z
    .string()
    .regex(/^[a-z_]{1,64}$/, 'not a kind of finding')
    .optional(),
  /** Open ones only, unless said. */
  resolved: flagParameter.optional(),
});
export type ListDriftQuery = z.output<typeof listDriftQuerySchema>;

export const driftFindingSchema = z.object({
  id: z.uuid(),
  kind: z.string(),
  host_id: z.uuid().nullable(),
  server_id: z.uuid().nullable(),
  operation_id: z.uuid().nullable(),
  subject: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
  found_at: timeSchema,
  last_seen_at: timeSchema,
  resolved_at: timeSchema.nullable(),
});
export type DriftFindingView = z.output<typeof driftFindingSchema>;
