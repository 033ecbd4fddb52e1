import { RuntimeError } from '@berth/runtime';
import type { HostRecord } from '../hosts/host-record';

/** Lets a few at a time work with each host; the others wait for their turn, in order. */
export class HostTurns {
  private readonly hosts = new Map<string, { running: number; waiting: (() => void)[] }>();

  constructor(
    private readonly atATime: number,
    private readonly maxWaitMs: number,
  ) {}

  /** Throws `busy` where the turn doesn't come in time: nobody waits for the answer any more. */
  async run<T>(host: HostRecord, action: string, work: () => Promise<T>): Promise<T> {
    const turns = this.hosts.get(host.id) ?? { running: 0, waiting: [] };
    this.hosts.set(host.id, turns);
    if (turns.running < this.atATime) turns.running += 1;
    else await this.turnOf(turns.waiting, host, action);
    try {
      return await work();
    } finally {
      const next = turns.waiting.shift();
      // Who is next takes this place over.
      if (next) next();
      else if ((turns.running -= 1) === 0) this.hosts.delete(host.id);
    }
  }

  private turnOf(waiting: (() => void)[], host: HostRecord, action: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        const message = `${host.name}: too many ask at the same time: try again`;
        reject(new RuntimeError('busy', message, { host: host.name, action }));
      }, this.maxWaitMs);
      waiting.push(take);
    });
  }
}
