import type { OperationKind } from '@berth/contracts';

export interface StepPlan<N extends string = string> {
  name: N;
  /** The step is aborted and counts as failed (retryable) after this. Milliseconds. */
  timeoutMs: number;
  /** Its effects are taken back when a later step fails for good. */
  undoable: boolean;
  /**
   * What may succeed later is tried until it does, rather than eight times: its run, or its undo. For steps of which nobody
   * could say what giving up would leave behind.
   */
  patient?: 'run' | 'undo';
}

export interface OperationPlan {
  steps: readonly StepPlan[];
  /** Name of the first step that can't be cancelled any more; null: cancel works to the end. */
  pointOfNoReturn: string | null;
  /**
   * No step begins before its beginning, and the end of the one before, are on record: for steps that can't be run again
   * once a later one has been. Else that is written while the step works already.
   */
  recorded?: boolean;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const step = <N extends string>(name: N, timeoutMs: number, undoable = false): StepPlan<N> => ({
  name,
  timeoutMs,
  undoable,
});

const patiently = <N extends string>(
  what: 'run' | 'undo',
  plan: StepPlan<N>,
): StepPlan<N> & { patient: 'run' | 'undo' } => ({ ...plan, patient: what });

/**
 * What each kind of operation does, in order. apps/worker has a handler for every step; it fails to start where one
 * is missing or too much. Renaming a step breaks operations that are under way: add a new one instead.
 */
export const operationPlans = {
  create_server: {
    steps: [
      step('import_template', 30 * MINUTE),
      step('create_container', 5 * MINUTE, true),
      step('start_container', 2 * MINUTE, true),
    ],
    pointOfNoReturn: null,
  },
  start_server: { steps: [step('start_container', 2 * MINUTE)], pointOfNoReturn: 'start_container' },
  stop_server: { steps: [step('stop_container', 65 * MINUTE)], pointOfNoReturn: 'stop_container' },
  restart_server: {
    steps: [step('stop_container', 65 * MINUTE), step('start_container', 2 * MINUTE)],
    // A server that was stopped for a restart must come up again.
    pointOfNoReturn: 'stop_container',
  },
  kill_server: { steps: [step('kill_container', MINUTE)], pointOfNoReturn: 'kill_container' },
  delete_server: {
    steps: [step('kill_container', MINUTE), step('destroy_container', 10 * MINUTE)],
    pointOfNoReturn: 'kill_container',
  },
  reset_password: { steps: [step('set_root_password', MINUTE)], pointOfNoReturn: 'set_root_password' },
  set_hostname: { steps: [step('apply_hostname', MINUTE, true)], pointOfNoReturn: null },
  // Changes the database only: it has ended when it is written, and no worker sees it.
  change_protection: { steps: [], pointOfNoReturn: null },
  // One step each: the host changes all of it or nothing. What is asked of the database is written by the operation's end,
  // so that both agree however it ends; once the host may have changed, a cancel could no longer tell.
  resize_server: { steps: [step('apply_limits', MINUTE, true)], pointOfNoReturn: 'apply_limits' },
  enable_feature: { steps: [step('apply_features', MINUTE, true)], pointOfNoReturn: 'apply_features' },
  disable_feature: { steps: [step('apply_features', MINUTE, true)], pointOfNoReturn: 'apply_features' },
  add_device: { steps: [step('apply_devices', MINUTE, true)], pointOfNoReturn: 'apply_devices' },
  remove_device: { steps: [step('apply_devices', MINUTE, true)], pointOfNoReturn: 'apply_devices' },
  add_address: { steps: [step('apply_addresses', MINUTE, true)], pointOfNoReturn: 'apply_addresses' },
  remove_address: { steps: [step('apply_addresses', MINUTE, true)], pointOfNoReturn: 'apply_addresses' },
  // As change_protection: a name is of the database only.
  set_rdns: { steps: [], pointOfNoReturn: null },
  // The template is there before anything is destroyed; after that there is nothing to go back to, only forward.
  reinstall_server: {
    steps: [
      step('import_template', 30 * MINUTE),
      step('destroy_old', 10 * MINUTE),
      step('create_container', 5 * MINUTE),
      step('start_container', 2 * MINUTE),
    ],
    pointOfNoReturn: 'destroy_old',
  },
  freeze_server: { steps: [step('freeze_container', MINUTE, true)], pointOfNoReturn: 'freeze_container' },
  unfreeze_server: { steps: [step('unfreeze_container', MINUTE)], pointOfNoReturn: 'unfreeze_container' },
  suspend_server: { steps: [step('suspend_container', 65 * MINUTE)], pointOfNoReturn: 'suspend_container' },
  unsuspend_server: {
    steps: [step('unsuspend_container', 2 * MINUTE)],
    pointOfNoReturn: 'unsuspend_container',
  },
  // Memory goes to the host's disk and comes back from it: gigabytes take minutes.
  checkpoint_server: {
    steps: [step('checkpoint_container', 10 * MINUTE, true)],
    pointOfNoReturn: 'checkpoint_container',
  },
  restore_server: { steps: [step('restore_container', 10 * MINUTE)], pointOfNoReturn: 'restore_container' },
  create_snapshot: { steps: [step('take_snapshot', 10 * MINUTE, true)], pointOfNoReturn: null },
  delete_snapshot: { steps: [step('remove_snapshot', 10 * MINUTE)], pointOfNoReturn: 'remove_snapshot' },
  // What was written since the snapshot is gone with the first step: from there on only forward.
  rollback_snapshot: {
    steps: [step('roll_back_container', 10 * MINUTE), step('start_container', 2 * MINUTE)],
    pointOfNoReturn: 'roll_back_container',
  },
  clone_server: {
    steps: [step('clone_container', 5 * MINUTE, true), step('start_container', 2 * MINUTE, true)],
    pointOfNoReturn: null,
  },
  // Until it is taken over all is undone, and it goes on at the source; from then on there is only forward. What the
  // source would do in between nobody may guess while it can't be asked: patience. docs/architecture/server-migration.md.
  migrate_server: {
    steps: [
      patiently('undo', step('open_migration', 2 * MINUTE, true)),
      step('accept_migration', 2 * MINUTE, true),
      step('connect_migration', MINUTE),
      step('copy_disk', 48 * HOUR),
      step('copy_memory', HOUR),
      step('prepare_target', 2 * MINUTE),
      patiently('undo', step('hand_over', 48 * HOUR, true)),
      patiently('run', step('take_over', 30 * MINUTE)),
      patiently('run', step('move_server', MINUTE)),
      patiently('run', step('remove_source', 10 * MINUTE)),
    ],
    pointOfNoReturn: 'take_over',
    recorded: true,
  },
  // What a migration could not do, since its source didn't answer any more: it waits for that host, the server doesn't.
  clear_source: {
    steps: [patiently('run', step('remove_source', 10 * MINUTE))],
    pointOfNoReturn: null,
  },
  enrol_host: {
    steps: [step('check_host', MINUTE), step('prepare_host', 2 * MINUTE), step('open_for_orders', MINUTE)],
    pointOfNoReturn: null,
  },
} as const satisfies Record<OperationKind, OperationPlan>;

export type StepName<K extends OperationKind = OperationKind> =
  (typeof operationPlans)[K]['steps'][number]['name'];

/** The plan of a kind, with its step names widened. */
export function planOf(kind: OperationKind): OperationPlan {
  return operationPlans[kind];
}

/** True while `stepName` (the step under way or next) still allows a cancel. */
export function isCancellable(kind: OperationKind, stepName: string | null): boolean {
  const { steps, pointOfNoReturn } = planOf(kind);
  if (pointOfNoReturn === null || stepName === null) return true;
  const index = (name: string) => steps.findIndex((candidate) => candidate.name === name);
  return index(stepName) < index(pointOfNoReturn);
}
