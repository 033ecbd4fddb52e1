import type { Redis } from 'ioredis';

const channelOf = (prefix: string) => `${prefix}.operation-changed`;

const ENDED = ' ended';

export interface OperationChange {
  operationId: string;
  /** It will change no more, so a watcher may as well read at once what came of it. A hint: the row is what counts. */
  ended: boolean;
}

/** Tells that an operation changed. A lost message costs a watcher some delay, nothing more: it reads Postgres, and polls. */
export async function publishOperationChange(
  redis: Redis,
  prefix: string,
  { operationId, ended }: OperationChange,
): Promise<void> {
  await redis.publish(channelOf(prefix), ended ? operationId + ENDED : operationId);
}

type Watcher = (change: OperationChange) => void;

/** One subscription for a process, shared by all who watch an operation. */
export class OperationEvents {
  private readonly watchers = new Map<string, Set<Watcher>>();
  private readonly watchersOfAll = new Set<Watcher>();

  /** `redis` is used for the subscription only. */
  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
  ) {}

  /**
   * Subscribes whenever the connection is ready, and not before: ioredis sends a SUBSCRIBE while it still asks whether Redis
   * is ready, which then is refused, and the process would hear nothing until the next reconnection.
   */
  start(onError: (error: Error) => void): void {
    this.redis.on('message', (_channel, message: string) => {
      const ended = message.endsWith(ENDED);
      const operationId = ended ? message.slice(0, -ENDED.length) : message;
      for (const changed of this.watchers.get(operationId) ?? []) changed({ operationId, ended });
      for (const changed of this.watchersOfAll) changed({ operationId, ended });
    });
    const subscribe = () => void this.redis.subscribe(channelOf(this.prefix)).catch(onError);
    this.redis.on('ready', subscribe);
    if (this.redis.status === 'ready') subscribe();
  }

  /** As watch, of every operation there is. */
  watchAll(changed: Watcher): () => void {
    this.watchersOfAll.add(changed);
    return () => this.watchersOfAll.delete(changed);
  }

  /** Calls `changed` after each change; gives the function that ends it. */
  watch(operationId: string, changed: Watcher): () => void {
    const set = this.watchers.get(operationId) ?? new Set<Watcher>();
    this.watchers.set(operationId, set.add(changed));
    return () => {
      set.delete(changed);
      if (set.size === 0) this.watchers.delete(operationId);
    };
  }
}
