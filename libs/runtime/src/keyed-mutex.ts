/** Thrown where a lock was not to be had in time; drivers turn it into `busy`. */
export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

/** One holder a key, first come first served, within this process. */
export class KeyedMutex {
  private readonly tails = new Map<string, Promise<void>>();

  /** Rejects with `LockTimeout` when the key isn't free after `waitMs`; `work` has not run then. */
  async run<T>(key: string, waitMs: number, work: () => Promise<T> | T): Promise<T> {
    const before = this.tails.get(key);
    let release!: () => void;
    const mine = new Promise<void>((resolve) => (release = resolve));
    const tail = before ? before.then(() => mine) : mine;
    this.tails.set(key, tail);
    try {
      if (before) await within(before, waitMs, key);
      return await work();
    } finally {
      release();
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }
}

async function within(promise: Promise<void>, ms: number, key: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LockTimeout(`${key} is still locked after ${ms} ms`)), ms);
  });
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
