import type { Readable } from 'node:stream';

/** How a terminal ended. */
export type TerminalEnd =
  /** Its shell did, in a container that runs on. 0–255; 128 + n where signal n ended it. */
  | { reason: 'exited'; exitCode: number }
  /** The container did. */
  | { reason: 'stopped' }
  /** The container's processes were written down, for a checkpoint, a snapshot with memory or a live migration. */
  | { reason: 'written_down' }
  /** `close` was called. */
  | { reason: 'closed' }
  /** The connection to the host was lost, or the terminal broke; the host ends what is left of it within seconds. */
  | { reason: 'lost'; message: string };

/** A login shell of the container's root, on a pty of its own. What runs in its session ends with it. */
export interface Terminal {
  /** What it shows, as it comes. What nobody reads holds the programs up that write it. */
  readonly output: Readable;
  /** Types. Resolves when there is room for more, or the terminal has ended. Never rejects. */
  write(bytes: Buffer): Promise<void>;
  resize(columns: number, rows: number): void;
  /** Ends it; `ended` tells when. Idempotent. */
  close(): void;
  /** Settles when its output has been read to the end. Never rejects. */
  readonly ended: Promise<TerminalEnd>;
}

export interface TerminalOptions {
  columns: number;
  rows: number;
  /** Ends it, also while it opens (`aborted`). */
  signal?: AbortSignal;
  /** For it to open. Default 15,000. */
  timeoutMs?: number;
}

export function closeOnAbort(terminal: Terminal, signal: AbortSignal | undefined): void {
  if (!signal) return;
  const close = () => terminal.close();
  if (signal.aborted) return close();
  signal.addEventListener('abort', close, { once: true });
  void terminal.ended.then(() => signal.removeEventListener('abort', close));
}
