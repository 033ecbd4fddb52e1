import { Readable } from 'node:stream';
import type { Terminal, TerminalEnd, TerminalOptions } from '../terminal';
import { SimulatedShell } from './simulated-shell';

const LOOK_MS = 20;

/** What has become of the container, or of the way to it; null: it runs on, or stands still. */
export type Interruption = () => 'frozen' | Exclude<TerminalEnd, { reason: 'exited' | 'closed' }> | null;

/** A shell in a simulated container; looks now and then whether that is still there. */
export class SimulatedTerminal implements Terminal {
  readonly output: Readable;
  readonly ended: Promise<TerminalEnd>;
  private readonly shell: SimulatedShell;
  private readonly looking: NodeJS.Timeout;
  private frozen: Buffer[] | null = null;
  private wanted = false;
  private end: TerminalEnd | null = null;

  constructor(
    hostname: string,
    size: TerminalOptions,
    private readonly interruption: Interruption,
  ) {
    this.shell = new SimulatedShell(hostname, size);
    this.output = new Readable({
      read: () => {
        this.wanted = true;
        this.flow();
      },
    });
    this.looking = setInterval(() => this.look(), LOOK_MS);
    this.ended = new Promise((resolve) =>
      // Closed without an end of its own: its reader has gone.
      this.output.once('close', () => resolve(this.end ?? { reason: 'closed' })),
    );
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.end) return;
    if (this.frozen) this.frozen.push(bytes);
    else this.shell.type(bytes);
    this.flow();
  }

  resize(columns: number, rows: number): void {
    this.shell.resize({ columns, rows });
  }

  close(): void {
    this.finish({ reason: 'closed' });
    this.output.resume();
  }

  private look(): void {
    const found = this.interruption();
    if (found === 'frozen') this.frozen ??= [];
    else if (found) this.finish(found);
    else if (this.frozen) {
      for (const bytes of this.frozen) this.shell.type(bytes);
      this.frozen = null;
    }
    this.flow();
  }

  private flow(): void {
    while (this.wanted && !this.end && !this.frozen) {
      const bytes = this.shell.read();
      if (!bytes) break;
      this.wanted = this.output.push(bytes);
    }
    const exitCode = this.shell.exited;
    if (exitCode !== null) this.finish({ reason: 'exited', exitCode });
  }

  private finish(end: TerminalEnd): void {
    if (this.end) return;
    clearInterval(this.looking);
    this.end = end;
    this.output.push(null);
  }
}
