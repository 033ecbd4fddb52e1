import { liveUsageRequestSchema, type LiveUsage, type LiveUsageReply } from '@berth/contracts';
import type { Redis } from 'ioredis';
import { entriesOf, STREAM_TTL_S, WORKERS_GROUP } from '../exec/exec-streams';
import { liveUsageRequestsKey, MAX_ENTRIES } from './live-usage-streams';

const BLOCK_MS = 5000;
const RETRY_MS = 200;

/** Takes requests for a server's present usage from the stream; each goes to one worker. */
export class LiveUsageServer {
  private stopped = false;
  private loop: Promise<void> | null = null;
  private readonly running = new Set<Promise<void>>();

  /** `reader` blocks, so it is this server's alone. What `count` throws is told to the asker as the reason. */
  constructor(
    private readonly options: {
      redis: Redis;
      reader: Redis;
      prefix: string;
      workerId: string;
      /** Requests at a time. */
      concurrency: number;
      count: (serverId: string) => Promise<LiveUsage>;
      onError: (error: Error) => void;
    },
  ) {}

  start(): void {
    this.loop = this.read();
  }

  /** Takes no new requests and waits for those under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.options.reader.disconnect();
    await this.loop;
    await Promise.all(this.running);
  }

  private async read(): Promise<void> {
    const key = liveUsageRequestsKey(this.options.prefix);
    while (!this.stopped) {
      try {
        const room = this.options.concurrency - this.running.size;
        if (room <= 0) {
          await Promise.race(this.running);
          continue;
        }
        for (const { id, value } of await this.take(key, room)) {
          await this.options.redis.multi().xack(key, WORKERS_GROUP, id).xdel(key, id).exec();
          this.begin(value);
        }
      } catch (error) {
        if (this.stopped) return;
        if (String(error).includes('NOGROUP')) await this.makeGroup(key).catch(this.options.onError);
        else {
          this.options.onError(error as Error);
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        }
      }
    }
  }

  private async take(key: string, count: number): Promise<{ id: string; value: string }[]> {
    const { reader, workerId } = this.options;
    return entriesOf(
      await reader.xreadgroup(
        'GROUP',
        WORKERS_GROUP,
        workerId,
        'COUNT',
        count,
        'BLOCK',
        BLOCK_MS,
        'STREAMS',
        key,
        '>',
      ),
    );
  }

  private async makeGroup(key: string): Promise<void> {
    await this.options.redis.xgroup('CREATE', key, WORKERS_GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!String(error).includes('BUSYGROUP')) throw error;
    });
  }

  private begin(value: string): void {
    const work = this.answer(value).catch((error: unknown) => this.options.onError(error as Error));
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
  }

  private async answer(value: string): Promise<void> {
    const { id, replyTo, serverId, expiresAt } = liveUsageRequestSchema.parse(JSON.parse(value));
    if (Date.now() > expiresAt) return;
    const reply: LiveUsageReply = await this.options.count(serverId).then(
      (usage) => ({ id, usage, reason: '' }),
      (error: unknown) => ({ id, usage: null, reason: (error as Error).message }),
    );
    await this.options.redis
      .multi()
      .xadd(replyTo, 'MAXLEN', '~', MAX_ENTRIES, '*', 'reply', JSON.stringify(reply))
      .expire(replyTo, STREAM_TTL_S)
      .exec();
  }
}
