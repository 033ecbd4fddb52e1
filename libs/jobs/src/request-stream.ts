import type { Redis } from 'ioredis';
import { entriesOf, WORKERS_GROUP } from './exec/exec-streams';

const BLOCK_MS = 5000;
const RETRY_MS = 200;

interface RequestStreamOptions {
  redis: Redis;
  /** Blocks, so it is this stream's alone. */
  reader: Redis;
  key: string;
  workerId: string;
  /** Requests at a time. */
  concurrency: number;
  serve: (value: string) => Promise<void>;
  onError: (error: Error) => void;
}

/**
 * A worker's end of a stream of requests that any worker may take. Taken is taken: a worker that dies with one leaves the
 * asker to its time limit, or to asking anew, rather than having it served twice.
 */
export class RequestStream {
  private stopped = false;
  private loop: Promise<void> | null = null;
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly options: RequestStreamOptions) {}

  start(): void {
    this.loop = this.read();
  }

  /** Takes no new requests; those that run go on. */
  async stopTaking(): Promise<void> {
    this.stopped = true;
    this.options.reader.disconnect();
    await this.loop;
  }

  /** Resolves when all that were taken are served. */
  async served(): Promise<void> {
    await Promise.all(this.running);
  }

  private async read(): Promise<void> {
    const { redis, reader, key, workerId, concurrency, onError } = this.options;
    while (!this.stopped) {
      try {
        const room = concurrency - this.running.size;
        if (room <= 0) {
          await Promise.race(this.running);
          continue;
        }
        const answer = await reader.xreadgroup(
          'GROUP',
          WORKERS_GROUP,
          workerId,
          'COUNT',
          room,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          key,
          '>',
        );
        for (const { id, value } of entriesOf(answer)) {
          await redis.multi().xack(key, WORKERS_GROUP, id).xdel(key, id).exec();
          this.take(value);
        }
      } catch (error) {
        if (this.stopped) return;
        if (String(error).includes('NOGROUP')) {
          await this.makeGroup().catch(onError);
          continue;
        }
        onError(error as Error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** From the stream's start: requests that came before the first worker (or after a wiped Redis) are still answered. */
  private async makeGroup(): Promise<void> {
    const { redis, key } = this.options;
    await redis.xgroup('CREATE', key, WORKERS_GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!String(error).includes('BUSYGROUP')) throw error;
    });
  }

  private take(value: string): void {
    const work = this.options.serve(value).catch((error: unknown) => this.options.onError(error as Error));
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }
}
