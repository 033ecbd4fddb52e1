import type { ApiConfig } from '@berth/config';
import {
  connectRedis,
  ConsoleClient,
  ExecClient,
  LiveUsageClient,
  OperationEvents,
  OperationsQueue,
} from '@berth/jobs';
import {
  Global,
  Inject,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Redis } from 'ioredis';
import { API_CONFIG } from '../api-config';
import { within } from '../http/within';
import { connectFast, FAST_REDIS } from './fast-redis';

const CLOSE_MS = 1000;
const CONNECTIONS = Symbol('RedisConnections');

/** Blocking reads and subscriptions need connections of their own. */
interface Connections {
  commands: Redis;
  subscription: Redis;
  execReplies: Redis;
  usageReplies: Redis;
  consoles: Redis;
}

function connect(config: ApiConfig): Connections {
  const logger = new Logger('Redis');
  const heard = (error: Error) => logger.debug({ err: error }, 'Redis');
  return {
    commands: connectRedis(config.redisUrl, heard),
    subscription: connectRedis(config.redisUrl, heard),
    execReplies: connectRedis(config.redisUrl, heard),
    usageReplies: connectRedis(config.redisUrl, heard),
    consoles: connectRedis(config.redisUrl, heard),
  };
}

/** Starts and ends what lives on Redis. The API starts without Redis: it is a doorbell, not the truth. */
@Injectable()
class RedisLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Redis');

  constructor(
    @Inject(CONNECTIONS) private readonly connections: Connections,
    @Inject(FAST_REDIS) private readonly fast: Redis,
    @Inject(ExecClient) private readonly exec: ExecClient,
    @Inject(LiveUsageClient) private readonly usage: LiveUsageClient,
    @Inject(ConsoleClient) private readonly consoles: ConsoleClient,
    @Inject(OperationEvents) private readonly events: OperationEvents,
    @Inject(OperationsQueue) private readonly queue: OperationsQueue,
  ) {}

  onApplicationBootstrap(): void {
    this.exec.start();
    this.usage.start();
    this.consoles.start();
    this.events.start((error) =>
      this.logger.warn({ err: error }, 'operation events are not heard: watchers look for themselves'),
    );
  }

  /** Connections first: what waits for a Redis that is away would wait for ever. */
  async onApplicationShutdown(): Promise<void> {
    for (const redis of [this.fast, ...Object.values(this.connections)]) (redis as Redis).disconnect();
    const ends = Promise.all([this.exec.stop(), this.usage.stop(), this.consoles.stop(), this.queue.close()]);
    await within(CLOSE_MS, 'Redis', ends).catch(() => undefined);
  }
}

@Global()
@Module({
  providers: [
    {
      provide: FAST_REDIS,
      inject: [API_CONFIG],
      useFactory: (config: ApiConfig) => connectFast(config.redisUrl),
    },
    { provide: CONNECTIONS, inject: [API_CONFIG], useFactory: connect },
    {
      provide: OperationsQueue,
      inject: [CONNECTIONS, API_CONFIG],
      useFactory: ({ commands }: Connections, config: ApiConfig) =>
        new OperationsQueue(commands, config.queuePrefix),
    },
    {
      provide: OperationEvents,
      inject: [CONNECTIONS, API_CONFIG],
      useFactory: ({ subscription }: Connections, config: ApiConfig) =>
        new OperationEvents(subscription, config.queuePrefix),
    },
    {
      provide: ExecClient,
      inject: [CONNECTIONS, API_CONFIG],
      useFactory: ({ commands, execReplies }: Connections, config: ApiConfig) => {
        const logger = new Logger('Exec');
        return new ExecClient(commands, execReplies, config.queuePrefix, (error) =>
          logger.debug({ err: error }, 'exec replies'),
        );
      },
    },
    {
      provide: LiveUsageClient,
      inject: [CONNECTIONS, API_CONFIG],
      useFactory: ({ commands, usageReplies }: Connections, config: ApiConfig) => {
        const logger = new Logger('LiveUsage');
        return new LiveUsageClient(commands, usageReplies, config.queuePrefix, (error) =>
          logger.debug({ err: error }, 'live usage replies'),
        );
      },
    },
    {
      provide: ConsoleClient,
      inject: [CONNECTIONS, API_CONFIG],
      useFactory: ({ commands, consoles }: Connections, config: ApiConfig) => {
        const logger = new Logger('Console');
        return new ConsoleClient(commands, consoles, config.queuePrefix, (error) =>
          logger.debug({ err: error }, 'console streams'),
        );
      },
    },
    RedisLifecycle,
  ],
  exports: [FAST_REDIS, OperationsQueue, OperationEvents, ExecClient, LiveUsageClient, ConsoleClient],
})
export class RedisModule {}
