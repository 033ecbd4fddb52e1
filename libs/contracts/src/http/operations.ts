import { z } from 'zod';

import { operationKindSchema } from '../operation-kinds';
import { operationStatusSchema, stepStatusSchema } from '../states';
import { anyOfParameter, listQuerySchema, searchParameter, timeSchema, uuidSchema } from './list-query';
import { momentParameter } from './server-usage';

export const listOperationsQuerySchema = listQuerySchema(['created_at', 'id'], {
  status: anyOfParameter(operationStatusSchema).optional(),
  kind: anyOfParameter(operationKindSchema).optional(),
  server_id: uuidSchema.optional(),
  host_id: uuidSchema.optional(),
  tenant_id: uuidSchema.optional(),
  /** Asked for at this moment or later, and before that one. */
  since: momentParameter.optional(),
  until: momentParameter.optional(),
  /** A part of the server's name or hostname; the beginning of the operation's or the server's id. */
  search: searchParameter.optional(),
});
export type ListOperationsQuery = z.output<typeof listOperationsQuerySchema>;

const errorShape = { code: z.string(), message: z.string() };

export const operationStepSchema = z.object({
  name: z.string(),
  status: stepStatusSchema,
  attempt: z.int(),
  started_at: timeSchema.nullable(),
  finished_at: timeSchema.nullable(),
  error: z.object(errorShape).nullable(),
});

export const operationSchema = z.object({
  id: z.uuid(),
  kind: operationKindSchema,
  status: operationStatusSchema,
  /** Percent. */
  progress: z.int().min(0).max(100),
  server_id: z.uuid().nullable(),
  /** Operators only; null for others. */
  host_id: z.uuid().nullable(),
  tenant_id: z.uuid().nullable(),
  /** Id of the token that asked for it, or `system`. */
  requested_by: z.string(),
  request_id: z.string(),
  attempt: z.int(),
  steps: z.array(operationStepSchema),
  error: z.object({ ...errorShape, step: z.string().nullable() }).nullable(),
  /** Operators only: what the last step had to say; while a migration copies, how far it is. */
  result: z
    .looseObject({
      /** The step that copies. */
      at: z.string().optional(),
      bytes_sent: z.number().optional(),
      bytes_expected: z.number().optional(),
    })
    .nullable(),
  cancel_requested: z.boolean(),
  /**
   * While it runs: the worker that has it renews this about once a second. Where it does not, the worker is gone, and another
   * one takes over once this is past.
   */
  held_until: timeSchema.nullable(),
  /** Id of the operation that has to end first. */
  waits_for: z.uuid().nullable(),
  created_at: timeSchema,
  started_at: timeSchema.nullable(),
  finished_at: timeSchema.nullable(),
});
export type OperationView = z.output<typeof operationSchema>;

export const operationLogEntrySchema = z.object({
  at: timeSchema,
  /** `output`: what the host printed, for operators. */
  level: z.enum(['info', 'warning', 'error', 'output']),
  message: z.string(),
  step: z.string().nullable(),
  /** Of the step. */
  attempt: z.int().nullable(),
});
export type OperationLogEntry = z.output<typeof operationLogEntrySchema>;

export const operationLogSchema = z.object({ log: z.array(operationLogEntrySchema) });
