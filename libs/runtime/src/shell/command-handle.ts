import type { Readable, Writable } from 'node:stream';

/** A command that runs on a host. */
export interface CommandHandle {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /**
   * Settles when the command has ended and its output has been read. Both null: the connection was lost, and nobody
   * knows how it ended.
   */
  ended: Promise<{ code: number | null; signal: string | null }>;
  /** Ends the command and its children by SIGKILL. */
  kill(): void;
}
