import { connect, type Socket } from 'node:net';
import { eventually } from './eventually';

/** Connects to a server that tells the numbers from 1, a line each, and holds it to it: none lost, none twice. */
export class LineListener {
  /** The last number heard. */
  last = 0;
  /** Milliseconds between two chunks, at the most since `forgetGap`. */
  longestGapMs = 0;
  /** What went wrong: a line that doesn't follow the one before, a reset, an end. */
  broken: string | null = null;
  private rest = '';
  private at = performance.now();
  private readonly socket: Socket;

  constructor(host: string, port: number) {
    this.socket = connect({ host, port });
    this.socket.on('data', (chunk: Buffer) => this.take(chunk.toString()));
    this.socket.once('error', (error) => (this.broken ??= error.message));
    this.socket.once('close', () => (this.broken ??= 'closed'));
  }

  /** Resolves when so many more lines have come; rejects if the stream breaks before. */
  async more(lines: number, timeoutMs = 30_000): Promise<void> {
    const wanted = this.last + lines;
    const come = () => this.broken !== null || this.last >= wanted;
    await eventually(`${lines} more lines after ${this.last}`, come, { timeoutMs });
    if (this.broken !== null) throw new Error(`the stream broke: ${this.broken}`);
  }

  forgetGap(): void {
    this.longestGapMs = 0;
    this.at = performance.now();
  }

  end(): void {
    this.socket.destroy();
  }

  private take(text: string): void {
    const now = performance.now();
    if (this.last > 0) this.longestGapMs = Math.max(this.longestGapMs, now - this.at);
    this.at = now;
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) {
      if (Number(line) !== this.last + 1) this.broken ??= `${line} after ${this.last}`;
      this.last = Number(line);
    }
  }
}
