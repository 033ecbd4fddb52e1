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
}

export type ServerOperationKind = Exclude<OperationKind, 'enrol_host'>;

const alive = ['running', 'stopped', 'frozen'] as const;

/** What changes a property of the server, and leaves its status alone. */
const change = (from: readonly ServerStatus[]): Transition => ({
  from,
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
  stop_server: {
    from: ['running', 'stopped', 'frozen', 'error'],
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
    success: 'stopped',
    failure: 'unchanged',
    cancelled: 'unchanged',
    desired: 'stopped',
  },
  delete_server: {
    from: ['creating', 'running', 'stopped', 'frozen', 'suspended', 'error', 'deleted'],
    success: 'deleted',
    failure: 'error',
    cancelled: 'unchanged',
    desired: 'stopped',
  },
  reset_password: change(alive),
  set_hostname: change(alive),
  change_protection: change(['creating', 'running', 'stopped', 'frozen', 'suspended', 'error']),
  resize_server: change(alive),
  enable_feature: change(alive),
  disable_feature: change(alive),
  add_device: change(alive),
  remove_device: change(alive),
  add_address: change(alive),
  remove_address: change(alive),
  set_rdns: change(['creating', 'running', 'stopped', 'frozen', 'suspended', 'error']),
  // Also of an order that failed, and of a server whose container was lost: both have all that a new root needs.
  reinstall_server: {
    from: ['running', 'stopped', 'frozen', 'error'],
    success: 'running',
    failure: 'error',
    cancelled: 'unchanged',
    desired: 'unchanged',
  },
};

/** The status that an operation's end gives the server, which was in `status`; an order or reinstall with `start: false` ends stopped. */
export function statusAfter(
  kind: ServerOperationKind,
  outcome: 'success' | 'failure' | 'cancelled',
  status: ServerStatus,
  input: Record<string, unknown>,
): ServerStatus {
  const makes = kind === 'create_server' || kind === 'reinstall_server';
  if (makes && outcome === 'success' && input.start === false) return 'stopped';
  const target = serverTransitions[kind][outcome];
  return target === 'unchanged' ? status : target;
}

/** What the observer may write when a host shows another state than the database, and no operation is under way. */
export const observedTransitions: Partial<Record<ServerStatus, readonly ServerStatus[]>> = {
  running: ['stopped', 'frozen', 'error'],
  stopped: ['running', 'error'],
  frozen: ['running', 'stopped', 'error'],
  error: ['running', 'stopped'],
};

/** Throws `conflict` where the operation can't be asked for in this status, saying in which it can. */
export function assertTransition(kind: ServerOperationKind, status: ServerStatus): void {
  const { from } = serverTransitions[kind];
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
}

/** True where the observer may move a server so. */
export function mayObserve(from: ServerStatus, to: ServerStatus): boolean {
  return observedTransitions[from]?.includes(to) ?? false;
}
