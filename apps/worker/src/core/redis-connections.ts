import { connectRedis } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { InjectLog, type Log } from './log';
import { InjectOptions, type WorkerOptions } from './worker-options';

const LOG_EVERY_MS = 10_000;

/** The process's connections to Redis. Each waits for Redis to come back; what fails meanwhile is logged now and then. */
@Injectable()
export class RedisConnections {
  /** For commands, and for adding to the queue. */
  readonly shared: Redis;
  private readonly all: Redis[] = [];
  private loggedAt = 0;

  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectLog() private readonly log: Log,
  ) {
    this.shared = this.open();
  }

  /** A connection of its own, for one that blocks. */
  open(): Redis {
    const redis = connectRedis(this.options.config.redisUrl, (error) => this.note(error));
    this.all.push(redis);
    return redis;
  }

  /** Also for what hears of the same trouble by another way (BullMQ): one line tells it. */
  note(error: Error): void {
    if (Date.now() - this.loggedAt < LOG_EVERY_MS) return;
    this.loggedAt = Date.now();
    this.log.warn({ err: error }, 'Redis: trouble with the connection');
  }

  /** Says goodbye where Redis is there to hear it. */
  async close(): Promise<void> {
    await Promise.all(
      this.all.map(async (redis) => {
        if (redis.status === 'ready') await redis.quit();
        else if (redis.status !== 'end') redis.disconnect();
      }),
    );
  }
}
