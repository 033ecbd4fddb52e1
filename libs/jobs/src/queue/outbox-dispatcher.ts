import { deleteOutbox, inTransaction, takeOutbox } from '@berth/database';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import type { OperationsQueue } from './operations-queue';

const BATCH = 500;
/**
 * After a NOTIFY: whoever wrote the row rings by itself right after its commit, and has its customer waiting for this very
 * process. Rows that come together are also taken together.
 */
const SETTLE_MS = 100;
/** NOTIFY tells at once; the poll catches what was committed while the listener was away. */
const POLL_MS = 1000;
const RECONNECT_MS = 1000;

export interface DispatcherOptions {
  dataSource: DataSource;
  postgresUrl: string;
  queue: OperationsQueue;
  onError: (error: Error) => void;
}

/** Moves what transactions left in the outbox into the queue. Any number may run: rows are taken with SKIP LOCKED. */
export class OutboxDispatcher {
  private listener: Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private settling: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;

  constructor(private readonly options: DispatcherOptions) {}

  async start(): Promise<void> {
    await this.listen();
    this.timer = setInterval(() => this.wake(), POLL_MS);
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
    if (this.settling) clearTimeout(this.settling);
    await this.listener?.end().catch(() => undefined);
    await this.running;
  }

  private wakeSoon(): void {
    this.settling ??= setTimeout(() => {
      this.settling = null;
      this.wake();
    }, SETTLE_MS);
  }

  /** Empties the outbox; while it is at it, a further call makes it look once more. */
  private wake(): void {
    if (this.stopped) return;
    this.again = true;
    this.running ??= this.drain()
      .catch((error: unknown) => this.options.onError(error as Error))
      .finally(() => (this.running = null));
  }

  private async drain(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      while ((await this.dispatchBatch()) === BATCH && !this.stopped);
    }
  }

  /**
   * Rung first, deleted then: a crash between rings twice, which the job's id makes one. Mostly the writer's own ring was
   * heard by now, and there is nothing left to do but to delete.
   */
  private async dispatchBatch(): Promise<number> {
    return inTransaction(this.options.dataSource, async (em) => {
      const rows = await takeOutbox(em, BATCH);
      if (rows.length === 0) return 0;
      const unheard = rows.filter((row) => row.pending);
      if (unheard.length > 0) await this.options.queue.ring(unheard);
      await deleteOutbox(
        em,
        rows.map((row) => row.id),
      );
      return rows.length;
    });
  }

  private async listen(): Promise<void> {
    const client = new Client({
      connectionString: this.options.postgresUrl,
      application_name: 'berth-outbox',
      keepAlive: true,
    });
    client.on('notification', () => this.wakeSoon());
    client.on('error', (error) => this.relisten(client, error));
    client.on('end', () => this.relisten(client, null));
    this.listener = client;
    try {
      await client.connect();
      await client.query('LISTEN berth_outbox');
    } catch (error) {
      this.relisten(client, error as Error);
    }
  }

  private relisten(client: Client, error: Error | null): void {
    if (this.stopped || this.listener !== client) return;
    this.listener = null;
    if (error) this.options.onError(error);
    setTimeout(() => {
      if (!this.stopped) void this.listen();
    }, RECONNECT_MS).unref();
  }
}
