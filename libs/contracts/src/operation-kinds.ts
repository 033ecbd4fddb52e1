import { z } from 'zod';
import { deviceNameSchema, deviceSchema, featureSchema } from './features';
import { limitsSchema } from './limits';
import { migrationModeSchema } from './migration-mode';
import { suspensionPolicySchema } from './suspension';

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
  'resize_server',
  'reinstall_server',
  'enable_feature',
  'disable_feature',
  'add_device',
  'remove_device',
  'add_address',
  'remove_address',
  'set_rdns',
  'freeze_server',
  'unfreeze_server',
  'checkpoint_server',
  'restore_server',
  'suspend_server',
  'unsuspend_server',
  'create_snapshot',
  'delete_snapshot',
  'rollback_snapshot',
  'clone_server',
  'migrate_server',
  'clear_source',
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
  resize_server: z.strictObject({
    /** What changes: null lifts, what is not named stays. */
    limits: limitsSchema,
    /** The same names with what they were: null where there was no limit. */
    previous: limitsSchema,
    /** Null: the plan stays. */
    plan_id: z.uuid().nullable(),
  }),
  reinstall_server: z.strictObject({
    template_id: z.uuid(),
    start: z.boolean(),
    sealed_root_password: sealed.nullable(),
    /** What it has from now on; null: what it had. */
    features: z.array(featureSchema).nullable().default(null),
  }),
  enable_feature: z.strictObject({ feature: featureSchema }),
  disable_feature: z.strictObject({ feature: featureSchema }),
  add_device: deviceSchema,
  remove_device: z.strictObject({ device: deviceNameSchema }),
  /** The address as Postgres writes it; reserved since the request, given up by the end of the operation, respectively. */
  add_address: z.strictObject({ address: z.string() }),
  remove_address: z.strictObject({ address: z.string() }),
  set_rdns: z.strictObject({ address: z.string(), name: z.string().nullable() }),
  freeze_server: nothing,
  unfreeze_server: nothing,
  checkpoint_server: nothing,
  restore_server: nothing,
  /** `timeout_s`: until a guest that doesn't end is killed, where it is stopped. */
  suspend_server: z.strictObject({ policy: suspensionPolicySchema, timeout_s: z.int().min(0).max(3600) }),
  /** `start`: whether it runs at the end. */
  unsuspend_server: z.strictObject({ start: z.boolean() }),
  create_snapshot: z.strictObject({ snapshot_id: z.uuid(), memory: z.boolean() }),
  /** `previous`: its status, to which a cancel goes back. */
  delete_snapshot: z.strictObject({ snapshot_id: z.uuid(), previous: z.enum(['available', 'error']) }),
  /** `start`: whether it runs at the end; with `memory` its processes go on from the snapshot. */
  rollback_snapshot: z.strictObject({ snapshot_id: z.uuid(), memory: z.boolean(), start: z.boolean() }),
  /** Of the new server; the snapshot is another one's. */
  clone_server: z.strictObject({
    snapshot_id: z.uuid(),
    start: z.boolean(),
    sealed_root_password: sealed.nullable(),
  }),
  /** Where to, of those that can have it, is chosen with the request: see server_migrations. */
  migrate_server: z.strictObject({
    mode: migrationModeSchema,
    /** Tried in order where `mode` can't be. */
    fallback: z.array(migrationModeSchema),
    bandwidth_bps: z.int().nullable(),
    /** The target that was asked for; null: any. */
    host_id: z.uuid().nullable(),
  }),
  /** Of a host that a server has moved away from: which migration's, says server_migrations. */
  clear_source: nothing,
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
