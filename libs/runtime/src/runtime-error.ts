/** What went wrong on a host, and what it means for the operation: see `retryable`. */
export type RuntimeErrorCode =
  | 'unreachable' // no TCP, no SSH handshake, connection lost: retry
  | 'host_key_mismatch' // the host shows another key than the pinned one: an operator must look
  | 'auth_failed'
  | 'invalid_input' // the caller passed an id, address, name, key … that no host may see
  | 'host_unsuitable' // LXC, btrfs pool, kernel feature missing
  | 'busy' // another command holds the container's lock: retry
  | 'fenced' // a newer worker has taken over: stop, touch nothing
  | 'not_found'
  | 'not_running'
  | 'unsupported'
  | 'limit_too_low' // below what is in use: nothing was changed
  | 'device_missing' // the host has no such node or interface
  | 'device_in_use' // by the host itself or another container
  | 'template_missing'
  | 'template_corrupt'
  | 'no_space'
  | 'conflict' // what is there already is in the way
  | 'checkpoint_failed' // its processes can't be written down: they run on
  | 'restore_failed' // they can't be brought back from what was written down
  | 'in_migration' // it may be running elsewhere: end the migration first
  | 'peer_unreachable' // the hosts of a migration can't reach each other: retry
  | 'timeout'
  | 'aborted'
  | 'command_failed';

const RETRYABLE: ReadonlySet<RuntimeErrorCode> = new Set([
  'unreachable',
  'busy',
  'timeout',
  'peer_unreachable',
]);

export interface RuntimeErrorDetails {
  /** Name of the host as the caller knows it. */
  host: string;
  /** What was being done, in words: `start ct12`; `connect` where nothing has been asked of the host yet. */
  action: string;
  exitCode?: number | null;
  /** Last lines that the host printed. */
  logTail?: string;
  capability?: string;
  /** With `limit_too_low`: the limit's name, what is used of it and what was asked for, in its unit. */
  limit?: string;
  used?: number;
  requested?: number;
}

/** The only error that drivers and connections throw. The message says what, where and why in one line. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';

  constructor(
    readonly code: RuntimeErrorCode,
    message: string,
    readonly details: RuntimeErrorDetails,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** True where the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
