import type { ConsoleRequest, ConsoleSize, ConsoleToApi } from '@berth/contracts';
import { ACK_BYTES, chunksOf, SILENCE_MS, WINDOW_BYTES } from './console-streams';

/** What a link types into; there is none while it waits for its server. */
export interface ConsoleTarget {
  /** Resolves when there is room for more. */
  write(bytes: Buffer): Promise<void>;
  resize(columns: number, rows: number): void;
}

type Send = (message: ConsoleToApi, bytes?: Buffer) => Promise<void>;

/** A worker's end of one console. */
export class ConsoleLink {
  readonly id: string;
  private target: ConsoleTarget | null = null;
  private readonly gone = new AbortController();
  private heardAt = Date.now();
  private currentSize: ConsoleSize;
  private received = 0;
  private typed = 0;
  private typedAcked = 0;
  private typing: Promise<void> = Promise.resolve();
  private sent = 0;
  private acked = 0;
  private wakeOutput: (() => void) | null = null;

  constructor(
    readonly request: ConsoleRequest,
    private readonly send: Send,
    private readonly onError: (error: Error) => void,
  ) {
    this.id = request.link;
    this.currentSize = { columns: request.columns, rows: request.rows };
  }

  /** Aborted when nobody wants the console any more, or this worker ends. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /** As the client has it now. */
  get size(): ConsoleSize {
    return this.currentSize;
  }

  get isForgotten(): boolean {
    return Date.now() - this.heardAt > SILENCE_MS;
  }

  /** From here on what is typed goes there. `again`: why this is a new shell; null for the first. */
  async opened(target: ConsoleTarget, again: string | null): Promise<void> {
    this.target = target;
    await this.send({ type: 'opened', link: this.id, ...this.size, again });
  }

  /** What is typed goes nowhere. */
  async waiting(reason: string): Promise<void> {
    this.target = null;
    await this.send({ type: 'waiting', link: this.id, reason });
  }

  /** The same shell, but it stands still, or goes on. */
  async told(frozen: boolean): Promise<void> {
    if (frozen) await this.send({ type: 'waiting', link: this.id, reason: 'the server is frozen' });
    else await this.send({ type: 'opened', link: this.id, ...this.size, again: null });
  }

  /** Resolves when there is room for more, or nobody wants it any more. */
  async output(bytes: Buffer): Promise<void> {
    for (const chunk of chunksOf(bytes)) {
      while (this.sent - this.acked >= WINDOW_BYTES && !this.signal.aborted) {
        await new Promise<void>((resolve) => (this.wakeOutput = resolve));
      }
      if (this.signal.aborted) return;
      const offset = this.sent;
      this.sent += chunk.length;
      await this.send({ type: 'output', link: this.id, offset }, chunk);
    }
  }

  heard(): void {
    this.heardAt = Date.now();
  }

  acknowledged(bytes: number): void {
    this.acked = Math.max(this.acked, bytes);
    this.wakeOutput?.();
  }

  resize(size: ConsoleSize): void {
    this.currentSize = size;
    this.target?.resize(size.columns, size.rows);
  }

  /** Throws where bytes before these were lost. */
  input(offset: number, bytes: Buffer): void {
    if (offset !== this.received)
      throw new Error(`console input from ${this.received} to ${offset} was lost`);
    this.received += bytes.length;
    this.typing = this.typing.then(() => this.type(bytes)).catch(this.onError);
  }

  end(): void {
    this.gone.abort();
    this.wakeOutput?.();
  }

  private async type(bytes: Buffer): Promise<void> {
    await this.target?.write(bytes);
    this.typed += bytes.length;
    if (this.typed - this.typedAcked < ACK_BYTES) return;
    this.typedAcked = this.typed;
    await this.send({ type: 'ack', link: this.id, bytes: this.typed });
  }
}
