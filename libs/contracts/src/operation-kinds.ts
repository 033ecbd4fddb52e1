import { z } from 'zod';

export const operationKindSchema = z.enum([
  'create_server',
  'start_server',
  'stop_server',
  'restart_server',
  'kill_server',
  'delete_server',
  'reset_password',
  'set_hostname',
  'change_protection',
  'enrol_host',
]);
export type OperationKind = z.output<typeof operationKindSchema>;

const nothing = z.strictObject({});
/** Sealed for the workers (base64 sealed box); wiped from the operation when it ends. */
const sealed = z.string().min(1);

/** Catalogue of what each kind takes; kept in `operations.input`. The queue's job holds only the operation's id. */
export const operationInputs = {
  create_server: z.strictObject({ start: z.boolean(), sealed_root_password: sealed.nullable() }),
  start_server: nothing,
  stop_server: z.strictObject({ timeout_s: z.int().min(0).max(3600) }),
  restart_server: z.strictObject({ timeout_s: z.int().min(0).max(3600) }),
  kill_server: nothing,
  delete_server: nothing,
  reset_password: z.strictObject({ sealed_root_password: sealed.nullable() }),
  set_hostname: z.strictObject({ hostname: z.string() }),
  change_protection: z.strictObject({ delete: z.boolean() }),
  enrol_host: nothing,
} as const satisfies Record<OperationKind, z.ZodType>;

export type OperationInput<K extends OperationKind = OperationKind> = z.output<(typeof operationInputs)[K]>;

/** Why an operation or a step failed, as the API shows it. */
export interface OperationErrorBody {
  code: string;
  message: string;
  step: string | null;
  details?: Record<string, unknown>;
}
