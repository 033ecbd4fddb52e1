import {
  checkHandlers,
  type OperationChange,
  OperationsConsumer,
  OperationsQueue,
  OutboxDispatcher,
  publishOperationChange,
  ringDueOperations,
  StepEngine,
} from '@berth/jobs';
import { secondsHistogram } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../core/core.module';
import { InjectLog, type Log } from '../core/log';
import { RedisConnections } from '../core/redis-connections';
import { InjectOptions, InjectWorkerId, type WorkerOptions } from '../core/worker-options';
import { Steps } from '../steps/step-handlers';
import { killAt } from './worker-fault';

/** Takes operations from the queue and drives them. */
@Injectable()
export class OperationsService {
  private readonly engine: StepEngine;
  private readonly queue: OperationsQueue;
  private readonly dispatcher: OutboxDispatcher;
  private readonly observeRun: (outcome: string, seconds: number) => void;
  private readonly running = new Set<Promise<void>>();
  private consumer: OperationsConsumer | null = null;
  private stopping = false;

  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectWorkerId() workerId: string,
    @InjectLog() private readonly log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    private readonly dataSource: DataSource,
    private readonly redis: RedisConnections,
    { handlers }: Steps,
  ) {
    checkHandlers(handlers);
    const { config } = options;
    this.queue = new OperationsQueue(redis.shared, config.queuePrefix);
    this.dispatcher = new OutboxDispatcher({
      dataSource,
      postgresUrl: config.postgresUrl,
      queue: this.queue,
      onError: (error) => this.log.warn({ err: error }, 'the outbox could not be emptied; trying again'),
    });
    this.engine = new StepEngine({
      dataSource,
      handlers,
      workerId,
      leaseMs: config.operationLeaseMs,
      onChange: (change) => this.publish(change),
      ring: async (operation) => {
        // Our own consumer would be the first to hear it: see close.
        if (!this.stopping) await this.queue.ring([operation]);
      },
      onError: (error, operationId) =>
        this.log.error({ err: error, operation: operationId }, 'an operation could not be carried on'),
      fault: options.fault ?? killAt(config.fault),
      retryDelay: options.retryDelay,
    });
    const seconds = secondsHistogram(metrics, {
      name: 'berth_worker_run_seconds',
      help: 'Time from taking an operation to ending or releasing it, by outcome',
      labelNames: ['outcome'],
    });
    this.observeRun = (outcome, value) => seconds.observe({ outcome }, value);
  }

  async start(): Promise<void> {
    const { config } = this.options;
    this.consumer = new OperationsConsumer({
      connection: this.redis.open(),
      prefix: config.queuePrefix,
      concurrency: config.concurrency,
      run: (operationId) => this.tracked(operationId),
      onError: (error) => this.redis.note(error),
    });
    await this.dispatcher.start();
  }

  /** Rings for what should run and perhaps doesn't: see ringDueOperations. */
  async ringDue(): Promise<void> {
    const count = await ringDueOperations(this.dataSource, this.queue);
    if (count > 0) this.log.debug({ count }, 'rang for operations that were due');
  }

  /** No new work from here on. */
  async pause(): Promise<void> {
    this.stopping = true;
    await this.dispatcher.stop();
    await this.consumer?.pause();
  }

  /** Resolves when no operation is under way here. */
  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** Stops what is under way; each operation is given back, for another worker to take at once. */
  giveBack(): void {
    this.engine.stopAll();
  }

  /** Rings for what was given back, now that only others can hear it. */
  async close(): Promise<void> {
    await this.consumer?.close();
    await this.ringDue();
    await this.queue.close();
  }

  private tracked(operationId: string): Promise<void> {
    const run = this.run(operationId);
    this.running.add(run);
    return run.finally(() => this.running.delete(run));
  }

  /** Never throws: the reconciler rings again for what could not be taken, or came when this worker was about to end. */
  private async run(operationId: string): Promise<void> {
    if (this.stopping) return;
    const started = process.hrtime.bigint();
    try {
      const outcome = await this.engine.run(operationId);
      if (outcome === 'not_taken') return;
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      this.observeRun(outcome, seconds);
      this.log.info({ operation: operationId, outcome, seconds }, 'operation');
    } catch (error) {
      this.log.error({ err: error, operation: operationId }, 'an operation could not be taken');
    }
  }

  /** Watchers poll as well: what Redis can't take now isn't worth keeping. */
  private publish(change: OperationChange): void {
    const { shared } = this.redis;
    if (shared.status !== 'ready') return;
    publishOperationChange(shared, this.options.config.queuePrefix, change).catch(() => undefined);
  }
}
