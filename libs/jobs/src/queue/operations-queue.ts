import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { ringId, type OperationJob } from './queue-table';

export interface Ring {
  operationId: string;
  fence: number;
  /** Not before so many ms from now. */
  delayMs?: number;
  /** Counts rings that came to nothing: see ringDueOperations. */
  again?: number;
}

/** The doorbell's button: puts operations into the queue. What Redis loses is rung for again by the reconciler. */
export class OperationsQueue {
  readonly queue: Queue<OperationJob>;

  constructor(connection: Redis, prefix: string) {
    this.queue = new Queue<OperationJob>('operations', {
      connection,
      prefix,
      // Truth is in Postgres; a finished job that stayed would block its id.
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    this.queue.on('error', () => undefined); // heard on the connection
  }

  async ring(rings: readonly Ring[]): Promise<void> {
    const jobs = rings.map(({ operationId, fence, delayMs, again }) => ({
      name: 'run',
      data: { operationId },
      opts: { jobId: ringId(operationId, fence, again), ...(delayMs ? { delay: delayMs } : {}) },
    }));
    // Nearly always it is one, which Redis needs no transaction for.
    const [only] = jobs;
    if (only && jobs.length === 1) await this.queue.add(only.name, only.data, only.opts);
    else await this.queue.addBulk(jobs);
  }

  /** Jobs by state: `waiting`, `active`, `delayed`, `failed`. */
  async depths(): Promise<Record<string, number>> {
    return this.queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
  }

  async close(): Promise<void> {
    await this.queue.close();
  }
}
