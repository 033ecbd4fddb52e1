import { randomUUID } from 'node:crypto';
import {
  liveUsageReplySchema,
  type LiveUsage,
  type LiveUsageReply,
  type LiveUsageRequest,
} from '@berth/contracts';
import type { Redis } from 'ioredis';
import { entriesOf, STREAM_TTL_S } from '../exec/exec-streams';
import {
  LIVE_USAGE_DEADLINE_MS,
  liveUsageRepliesKey,
  liveUsageRequestsKey,
  MAX_ENTRIES,
} from './live-usage-streams';

const BLOCK_MS = 5000;
const RETRY_MS = 200;

/** Asks a worker what a server uses now, over Redis streams. One reader serves all requests of the process. */
export class LiveUsageClient {
  private readonly replyTo: string;
  private readonly pending = new Map<string, (usage: LiveUsage | null) => void>();
  private lastId = '0';
  private stopped = false;
  private reading: Promise<void> | null = null;

  /** `reader` blocks, so it is this client's alone; `redis` may be shared. */
  constructor(
    private readonly redis: Redis,
    private readonly reader: Redis,
    private readonly prefix: string,
    private readonly onError: (error: Error) => void,
  ) {
    this.replyTo = liveUsageRepliesKey(prefix, randomUUID());
  }

  start(): void {
    this.reading = this.read();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.reader.disconnect();
    await this.reading;
  }

  /** Null where no worker, or not the host, gives it within the deadline. Never rejects. */
  async ask(serverId: string, deadlineMs = LIVE_USAGE_DEADLINE_MS): Promise<LiveUsage | null> {
    const id = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<LiveUsage | null>((resolve) => {
      timer = setTimeout(() => resolve(null), deadlineMs);
      this.pending.set(id, resolve);
      this.send({ id, replyTo: this.replyTo, serverId, expiresAt: Date.now() + deadlineMs }).catch(
        (error: unknown) => {
          this.onError(error as Error);
          resolve(null);
        },
      );
    });
    return answer.finally(() => {
      clearTimeout(timer);
      this.pending.delete(id);
    });
  }

  private async send(request: LiveUsageRequest): Promise<void> {
    const key = liveUsageRequestsKey(this.prefix);
    await this.redis
      .multi()
      .xadd(key, 'MAXLEN', '~', MAX_ENTRIES, '*', 'request', JSON.stringify(request))
      .expire(key, STREAM_TTL_S)
      .exec();
  }

  private async read(): Promise<void> {
    while (!this.stopped) {
      try {
        const answer = await this.reader.xread(
          'COUNT',
          500,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          this.replyTo,
          this.lastId,
        );
        for (const { id, value } of entriesOf(answer)) {
          this.lastId = id;
          const reply: LiveUsageReply = liveUsageReplySchema.parse(JSON.parse(value));
          this.pending.get(reply.id)?.(reply.usage);
        }
        await this.redis.xtrim(this.replyTo, 'MINID', this.lastId);
      } catch (error) {
        if (this.stopped) return;
        this.onError(error as Error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}
