import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { CommandHandle } from '../shell/command-handle';
import type { Terminal, TerminalEnd } from '../terminal';

/** A third of what the host waits for a sign of us. */
const ALIVE_MS = 5000;
/** Longer than the host takes to end a session. */
const CLOSE_MS = 10_000;
const FRAME = { type: 0, resize: 1, alive: 2 } as const;

/** The near end of the host's `terminal`: see there for the frames. */
export class LxcTerminal implements Terminal {
  readonly ended: Promise<TerminalEnd>;
  private over = false;
  private readonly alive: NodeJS.Timeout;

  /** `last` gives the last line that the host said of it. */
  constructor(
    private readonly handle: CommandHandle,
    readonly output: Readable,
    last: () => string,
    host: string,
  ) {
    handle.stdin.on('error', () => {}); // Its end tells.
    this.alive = setInterval(() => this.send(FRAME.alive, Buffer.alloc(0)), ALIVE_MS);
    this.ended = handle.ended.then(() => {
      this.over = true;
      clearInterval(this.alive);
      return endOf(last(), host);
    });
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.over || this.send(FRAME.type, bytes)) return;
    const settled = new AbortController();
    const { signal } = settled;
    const room = ['drain', 'close', 'error'].map((event) => once(this.handle.stdin, event, { signal }));
    await Promise.race([...room, this.ended]).catch(() => undefined);
    settled.abort();
    await Promise.allSettled(room);
  }

  resize(columns: number, rows: number): void {
    if (this.over) return;
    const size = Buffer.alloc(4);
    size.writeUInt16BE(columns, 0);
    size.writeUInt16BE(rows, 2);
    this.send(FRAME.resize, size);
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.alive);
    this.handle.stdin.end();
    // Nobody reads any more: what is still to come must not hold up the end.
    this.handle.stdout.unpipe();
    this.handle.stdout.resume();
    this.output.resume();
    const late = setTimeout(() => this.handle.kill(), CLOSE_MS);
    void this.handle.ended.then(() => clearTimeout(late));
  }

  /** False where the connection has no room for more just now. */
  private send(type: number, payload: Buffer): boolean {
    const head = Buffer.alloc(5);
    head.writeUInt8(type, 0);
    head.writeUInt32BE(payload.length, 1);
    return this.handle.stdin.write(Buffer.concat([head, payload]));
  }
}

function endOf(last: string, host: string): TerminalEnd {
  const [, reason, rest = ''] = /^ended (\w+) ?(.*)$/.exec(last) ?? [];
  switch (reason) {
    case 'exited':
      return { reason, exitCode: Number(rest) };
    case 'stopped':
    case 'written_down':
    case 'closed':
      return { reason };
    default:
      return { reason: 'lost', message: rest || `the connection to ${host} was lost` };
  }
}
