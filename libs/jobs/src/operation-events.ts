import type { Redis } from 'ioredis';

const channelOf = (prefix: string) => `${prefix}.operation-changed`;

/** Tells that an operation changed. A lost message costs a watcher some delay, nothing more: it reads Postgres, and polls. */
export async function publishOperationChange(
  redis: Redis,
  prefix: string,
  operationId: string,
): Promise<void> {
  await redis.publish(channelOf(prefix), operationId);
}

/** One subscription for a process, shared by all who watch an operation. */
export class OperationEvents {
  private readonly watchers = new Map<string, Set<() => void>>();

  /** `redis` is used for the subscription only. */
  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
  ) {}

  async start(): Promise<void> {
    this.redis.on('message', (_channel, operationId: string) => {
      for (const changed of this.watchers.get(operationId) ?? []) changed();
    });
    await this.redis.subscribe(channelOf(this.prefix));
  }

  /** Calls `changed` after each change; gives the function that ends it. */
  watch(operationId: string, changed: () => void): () => void {
    const set = this.watchers.get(operationId) ?? new Set();
    this.watchers.set(operationId, set.add(changed));
    return () => {
      set.delete(changed);
      if (set.size === 0) this.watchers.delete(operationId);
    };
  }
}
