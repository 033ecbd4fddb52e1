import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { queueTable, type OperationJob } from './queue-table';

export interface ConsumerOptions {
  connection: Redis;
  prefix: string;
  concurrency: number;
  /** Must not throw for an operation that failed: only for what the queue should hand out again. */
  run: (operationId: string) => Promise<void>;
  onError: (error: Error) => void;
}

/** Answers the doorbell. */
export class OperationsConsumer {
  private readonly worker: Worker<OperationJob>;

  constructor(options: ConsumerOptions) {
    const { lockDurationMs, stalledIntervalMs, maxStalledCount } = queueTable.operations;
    this.worker = new Worker<OperationJob>('operations', (job) => options.run(job.data.operationId), {
      connection: options.connection,
      prefix: options.prefix,
      concurrency: options.concurrency,
      lockDuration: lockDurationMs,
      stalledInterval: stalledIntervalMs,
      maxStalledCount,
    });
    this.worker.on('error', options.onError);
  }

  async ready(): Promise<void> {
    await this.worker.waitUntilReady();
  }

  /** Takes no new jobs; resolves at once. */
  async pause(): Promise<void> {
    await this.worker.pause(true);
  }

  /** Waits for running jobs; see the shutdown for the time limit. */
  async close(): Promise<void> {
    await this.worker.close();
  }
}
