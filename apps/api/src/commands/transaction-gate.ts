import { BerthError } from '@berth/domain';

export interface GateLimits {
  /** Transactions at once, in all. */
  total: number;
  /** Transactions at once of one key: those of one tenant wait for each other in the database anyway. */
  perKey: number;
  /** Ms that one may wait for its turn; then it is refused with `unavailable`. */
  maxWaitMs: number;
}

interface Waiting {
  key: string;
  start: () => void;
}

/**
 * Lets only so many changes run at once, so that a storm of orders waits here, in order and cheaply, rather than for
 * connections and locks with their time-outs; and so that one tenant's storm leaves room for the others.
 */
export class TransactionGate {
  private readonly queue: Waiting[] = [];
  private readonly running = new Map<string, number>();
  private total = 0;

  constructor(private readonly limits: GateLimits) {}

  /** Runs `work` when it is its turn. `key` says whose it is. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    await this.turn(key);
    try {
      return await work();
    } finally {
      this.leave(key);
    }
  }

  get waiting(): number {
    return this.queue.length;
  }

  private mayStart(key: string): boolean {
    return this.total < this.limits.total && (this.running.get(key) ?? 0) < this.limits.perKey;
  }

  private enter(key: string): void {
    this.total += 1;
    this.running.set(key, (this.running.get(key) ?? 0) + 1);
  }

  private turn(key: string): Promise<void> {
    if (this.mayStart(key)) {
      this.enter(key);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        key,
        start: () => {
          clearTimeout(timer);
          this.enter(key);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.queue.splice(this.queue.indexOf(entry), 1);
        reject(new BerthError('unavailable', 'too many changes are under way; try again'));
      }, this.limits.maxWaitMs);
      this.queue.push(entry);
    });
  }

  private leave(key: string): void {
    this.total -= 1;
    const left = (this.running.get(key) ?? 1) - 1;
    if (left > 0) this.running.set(key, left);
    else this.running.delete(key);
    const next = this.queue.findIndex((waiting) => this.mayStart(waiting.key));
    if (next >= 0) this.queue.splice(next, 1)[0]!.start();
  }
}
