import type { OperationKind, ServerStatus } from '@berth/contracts';
import { BerthError } from './berth-error';

/** How an operation moves a server. Nothing else writes `status`, but the observer by `observedTransitions`. */
interface Transition {
  /** Statuses in which the operation may be asked for. */
  from: readonly ServerStatus[];
  /** Where the operation leaves the server; `unchanged` keeps what it was. */
  success: ServerStatus | 'unchanged';
  failure: ServerStatus | 'unchanged';
  cancelled: ServerStatus | 'unchanged';
  /** What the server shall be after a host's boot; `unchanged` keeps the wish. */
  desired: 'running' | 'stopped' | 'unchanged';
  /** Of a server that is checkpointed (frozen to disk): `fine`, or what it is for. Refused where not said. */
  checkpoint?: 'fine' | 'needed';
}

export type ServerOperationKind = Exclude<OperationKind, 'enrol_host' | 'clear_source'>;

const alive = ['running', 'stopped', 'frozen'] as const;

/** What changes a property of the server, and leaves its status alone. */
const change = (from: readonly ServerStatus[], checkpoint?: Transition['checkpoint']): Transition => ({
  from,
  ...(checkpoint && { checkpoint }),
  success: 'unchanged',
  failure: 'unchanged',
  cancelled: 'unchanged',
  desired: 'unchanged',
});

export const serverTransitions: Record<ServerOperationKind, Transition> = {
  // A failed order keeps its reservation, so that it can be retried as it was; a cancelled one is given back.
  create_server: {
    from: ['creating', 'error'],
    success: 'running',
    failure: 'error',
    cancelled: 'deleted',
    desired: 'unchanged',
  },
  start_server: {
    from: ['running', 'stopped', 'error'],
    success: 'running',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'running',
  },
  // Stopped or killed, a checkpoint is lost.
  stop_server: {
    from: ['running', 'stopped', 'frozen', 'error'],
    checkpoint: 'fine',
    success: 'stopped',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'stopped',
  },
  restart_server: {
    from: ['running', 'stopped', 'error'],
    success: 'running',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'running',
  },
  kill_server: {
    from: ['running', 'stopped', 'frozen', 'error'],
    checkpoint: 'fine',
    success: 'stopped',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'stopped',
  },
  delete_server: {
    checkpoint: 'fine',
    from: ['creating', 'running', 'stopped', 'frozen', 'suspended', 'error', 'deleted'],
    success: 'deleted',
    failure: 'error',
    cancelled: 'unchanged',
    desired: 'stopped',
  },
  reset_password: change(alive),
  set_hostname: change(alive),
  change_protection: change(['creating', 'running', 'stopped', 'frozen', 'suspended', 'error'], 'fine'),
  // Also of a suspended one, for billing: a customer can do nothing with that.
  resize_server: change([...alive, 'suspended']),
  enable_feature: change(alive),
  disable_feature: change(alive),
  add_device: change(alive),
  remove_device: change(alive),
  add_address: change(alive),
  remove_address: change(alive),
  set_rdns: change(['creating', 'running', 'stopped', 'frozen', 'suspended', 'error'], 'fine'),
  // Also of an order that failed, and of a server whose container was lost: both have all that a new root needs.
  reinstall_server: {
    from: ['running', 'stopped', 'frozen', 'error'],
    checkpoint: 'fine',
    success: 'running',
    failure: 'error',
    cancelled: 'unchanged',
    desired: 'unchanged',
  },
  // After its host's boot a frozen server starts as it would have before: its memory is lost.
  freeze_server: {
    from: ['running', 'frozen'],
    success: 'frozen',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'unchanged',
  },
  unfreeze_server: {
    from: ['running', 'frozen'],
    success: 'running',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'running',
  },
  // A checkpoint outlives its host's boot, after which the server stays frozen.
  checkpoint_server: {
    from: ['running', 'frozen'],
    checkpoint: 'fine',
    success: 'frozen',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'unchanged',
  },
  restore_server: {
    from: ['frozen'],
    checkpoint: 'needed',
    success: 'running',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'running',
  },
  // Always possible, whatever its customer does with it. Where it is stopped a checkpoint is lost, as with any stop.
  suspend_server: {
    from: ['creating', 'running', 'stopped', 'frozen', 'suspended', 'error'],
    checkpoint: 'fine',
    success: 'suspended',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'unchanged',
  },
  // Whether it runs then is what it shall be: the wish is kept while it is suspended.
  unsuspend_server: {
    from: ['creating', 'running', 'stopped', 'frozen', 'suspended', 'error'],
    checkpoint: 'fine',
    success: 'running',
    failure: 'error',
    cancelled: 'unchanged',
    desired: 'unchanged',
  },
  // The last one of a server that is to be deleted is taken while it is suspended.
  create_snapshot: change([...alive, 'suspended'], 'fine'),
  delete_snapshot: change(['running', 'stopped', 'frozen', 'suspended', 'error'], 'fine'),
  // Also of a server whose system doesn't start any more: that is what it is for.
  rollback_snapshot: {
    from: ['running', 'stopped', 'frozen', 'error'],
    checkpoint: 'fine',
    success: 'running',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'unchanged',
  },
  // Its memory must come along, or it has none: a frozen one is let go on first.
  migrate_server: change(['running', 'stopped']),
  // An order like another, but for where its files come from.
  clone_server: {
    from: ['creating', 'error'],
    success: 'running',
    failure: 'error',
    cancelled: 'deleted',
    desired: 'unchanged',
  },
};

/** Kinds that say by `start` in their input whether the server runs at their end. */
const STARTS_ON_REQUEST: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'create_server',
  'reinstall_server',
  'rollback_snapshot',
  'clone_server',
  'unsuspend_server',
]);

/** The status that an operation's end gives the server, which was in `status`; what makes or remakes it with `start: false` ends stopped. */
export function statusAfter(
  kind: ServerOperationKind,
  outcome: 'success' | 'failure' | 'cancelled',
  status: ServerStatus,
  input: Record<string, unknown>,
): ServerStatus {
  if (STARTS_ON_REQUEST.has(kind) && outcome === 'success' && input.start === false) return 'stopped';
  const target = serverTransitions[kind][outcome];
  return target === 'unchanged' ? status : target;
}

/** What the observer may write when a host shows another state than the database, and no operation is under way. */
export const observedTransitions: Partial<Record<ServerStatus, readonly ServerStatus[]>> = {
  running: ['stopped', 'frozen', 'error'],
  stopped: ['running', 'error'],
  frozen: ['running', 'stopped', 'error'],
  error: ['running', 'stopped', 'frozen'],
};

/** Throws `conflict` where the operation can't be asked for in this status, saying in which it can. */
export function assertTransition(
  kind: ServerOperationKind,
  { status, checkpointed }: { status: ServerStatus; checkpointed: boolean },
): void {
  const { from, checkpoint } = serverTransitions[kind];
  if (!from.includes(status)) {
    throw new BerthError(
      'conflict',
      `a server that is ${status} can't do ${kind}; it must be ${from.join(' or ')}`,
      {
        status,
        allowed: from,
      },
    );
  }
  assertCheckpoint(kind, checkpointed, checkpoint);
}

/** As above, by whether its memory lies on the host's disk. */
function assertCheckpoint(
  kind: ServerOperationKind,
  checkpointed: boolean,
  checkpoint: 'fine' | 'needed' | undefined,
): void {
  if (checkpointed && !checkpoint) {
    const message = `a server that is checkpointed can't do ${kind}: restore it first, or stop it and lose the checkpoint`;
    throw new BerthError('conflict', message, { status: 'frozen', checkpointed });
  }
  if (!checkpointed && checkpoint === 'needed') {
    const message = `the server is not checkpointed, so there is nothing that ${kind} could bring back`;
    throw new BerthError('conflict', message, { status: 'frozen', checkpointed });
  }
}

/** True where the observer may move a server so. */
export function mayObserve(from: ServerStatus, to: ServerStatus): boolean {
  return observedTransitions[from]?.includes(to) ?? false;
}
