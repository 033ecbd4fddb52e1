import { randomUUID } from 'node:crypto';
import type { ConsoleRequest, ConsoleSize, ConsoleToApi, ConsoleToWorker } from '@berth/contracts';
import { ACK_BYTES, chunksOf, PICK_UP_MS, SILENCE_MS, WINDOW_BYTES } from './console-streams';

export interface ConsoleListener {
  /** `again`: why this is a new shell; null for the first, and for one that goes on. */
  opened(size: ConsoleSize, again: string | null): void;
  waiting(reason: string): void;
  output(bytes: Buffer): void;
  /** There is room for input again. */
  room(): void;
  ended(end: 'exited' | 'deleted', reason: string): void;
}

/** How a session reaches workers. */
export interface ConsoleTransport {
  replyTo: string;
  request(request: ConsoleRequest): Promise<void>;
  send(worker: string, message: ConsoleToWorker, bytes?: Buffer): Promise<void>;
  onError(error: Error): void;
}

/** The API's end of one console: outlives the links by which workers serve it. */
export class ConsoleSession {
  link = '';
  worker: string | null = null;
  private requestedAt = 0;
  private heardAt = 0;
  private opened = false;
  private everOpened = false;
  private again: string | null = null;
  private closed = false;
  private queue: Buffer[] = [];
  private queued = 0;
  private full = false;
  private sent = 0;
  private acked = 0;
  private received = 0;
  private consumedBytes = 0;
  private consumedAcked = 0;

  constructor(
    private readonly serverId: string,
    private size: ConsoleSize,
    private readonly listener: ConsoleListener,
    private readonly transport: ConsoleTransport,
  ) {
    this.ask();
  }

  /** False: there is no room for more, until `room` is called. Before the first shell it is kept, between two it is dropped. */
  input(bytes: Buffer): boolean {
    if (this.everOpened && !this.opened) return true;
    this.queue.push(...chunksOf(bytes));
    this.queued += bytes.length;
    this.flow();
    return !this.full;
  }

  resize(size: ConsoleSize): void {
    this.size = size;
    this.tell({ type: 'resize', link: this.link, ...size });
  }

  /** So many bytes of output have reached the client. */
  consumed(link: string, bytes: number): void {
    if (link !== this.link) return;
    this.consumedBytes += bytes;
    if (this.consumedBytes - this.consumedAcked < ACK_BYTES) return;
    this.consumedAcked = this.consumedBytes;
    this.tell({ type: 'ack', link: this.link, bytes: this.consumedBytes });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.tell({ type: 'close', link: this.link });
  }

  heard(): void {
    this.heardAt = Date.now();
  }

  /** Asks for another link where its worker is silent, or none has taken it. */
  look(): void {
    const now = Date.now();
    if (this.worker === null) {
      if (now - this.requestedAt <= PICK_UP_MS) return;
      this.listener.waiting('no worker is there to open it yet');
      this.ask();
    } else if (now - this.heardAt > SILENCE_MS) this.lose('another worker has taken over');
  }

  take(message: Exclude<ConsoleToApi, { type: 'alive' }>, bytes: Buffer): void {
    this.heard();
    switch (message.type) {
      case 'taken':
        this.worker = message.worker;
        return;
      case 'opened':
        this.opened = this.everOpened = true;
        this.listener.opened({ columns: message.columns, rows: message.rows }, message.again);
        if (message.columns !== this.size.columns || message.rows !== this.size.rows) this.resize(this.size);
        return this.flow();
      case 'waiting':
        this.opened = false;
        this.dropQueue();
        return this.listener.waiting(message.reason);
      case 'output':
        if (message.offset !== this.received) return this.lose('some of its output was lost');
        this.received += bytes.length;
        return this.listener.output(bytes);
      case 'ack':
        this.acked = Math.max(this.acked, message.bytes);
        return this.flow();
      case 'ended':
        if (message.end === 'released') this.lose('another worker has taken over');
        else this.listener.ended(message.end, message.reason);
    }
  }

  private lose(why: string): void {
    if (this.closed) return;
    this.tell({ type: 'close', link: this.link });
    if (this.everOpened) this.again = `${why}: this is a new shell`;
    this.listener.waiting(why);
    this.ask();
  }

  private ask(): void {
    this.link = randomUUID();
    this.worker = null;
    this.opened = false;
    if (this.everOpened) this.dropQueue();
    this.sent = this.acked = this.received = this.consumedBytes = this.consumedAcked = 0;
    this.requestedAt = Date.now();
    const { replyTo } = this.transport;
    const { link, serverId, again } = this;
    const expiresAt = this.requestedAt + PICK_UP_MS;
    this.transport
      .request({ link, replyTo, serverId, ...this.size, again, expiresAt })
      .catch((error: unknown) => this.transport.onError(error as Error));
  }

  /** Half of what was meant for one shell must not be typed into another. */
  private dropQueue(): void {
    this.queue = [];
    this.queued = 0;
    this.flow();
  }

  private flow(): void {
    while (this.opened && this.queue.length > 0 && this.sent - this.acked < WINDOW_BYTES) {
      const bytes = this.queue.shift()!;
      this.queued -= bytes.length;
      const offset = this.sent;
      this.sent += bytes.length;
      this.tell({ type: 'input', link: this.link, offset }, bytes);
    }
    const full = this.queued > 0;
    if (this.full && !full) {
      this.full = full;
      this.listener.room();
    }
    this.full = full;
  }

  private tell(message: ConsoleToWorker, bytes?: Buffer): void {
    if (!this.worker) return;
    this.transport
      .send(this.worker, message, bytes)
      .catch((error: unknown) => this.transport.onError(error as Error));
  }
}
