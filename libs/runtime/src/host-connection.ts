import type { Readable } from 'node:stream';
import type { ExecOptions, ExecResult } from './container-runtime';

export interface ScriptOptions {
  /** What is being done, in words, for errors: `start ct12`. */
  action: string;
  /** Default 120,000. The remote command is killed then. */
  timeoutMs?: number;
  /** Given to the script's stdin: the place for secrets and for long data. */
  input?: string;
  signal?: AbortSignal;
  /** Definitions that the script needs, nothing else: a shell that waits for its script may have read them before. */
  prelude?: string;
  /** Lines of the script's stderr. */
  onLog?: (line: string) => void;
}

/**
 * A way to run things on a host. Implementations: `ssh` (pooled, pinned key) and `local`.
 * All throw `RuntimeError`; a missing exit code (a dropped connection) is `unreachable`, never success.
 */
export interface HostConnection {
  /** The host's name, for errors. */
  readonly host: string;
  /**
   * Runs a bash script under `set -euo pipefail` (whatever the login shell); resolves with its stdout. A non-zero
   * exit is `command_failed`, or the code that the script printed as `berth-error: <code> <words>` on stderr.
   */
  script(script: string, options: ScriptOptions): Promise<string>;
  /** Runs an argv and gives its result whatever the exit code. */
  exec(command: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /** `script` with `input` streamed to its stdin. */
  upload(script: string, input: Readable, options: ScriptOptions): Promise<string>;
  /** Lets go; running commands are ended. */
  close(): Promise<void>;
}
