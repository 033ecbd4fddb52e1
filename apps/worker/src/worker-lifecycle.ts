import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ConsolesService } from './consoles/consoles.service';
import { InjectLog, type Log } from './core/log';
import { RedisConnections } from './core/redis-connections';
import { InjectOptions, type WorkerOptions } from './core/worker-options';
import { ExecService } from './exec/exec.service';
import { HostRuntimes } from './hosts/host-runtimes';
import { LiveUsageService } from './live-usage/live-usage.service';
import { UsageExportLoop } from './loops/exports/usage-export.loop';
import { IdempotencyCleanupLoop } from './loops/idempotency-cleanup.loop';
import { ObserverLoop } from './loops/observer/observer.loop';
import { ReconcileLoop } from './loops/reconcile.loop';
import { SessionCleanupLoop } from './loops/session-cleanup.loop';
import { SnapshotSizesLoop } from './loops/snapshots/snapshot-sizes.loop';
import { MeteringLoop } from './loops/usage/metering.loop';
import { SuspensionsLoop } from './loops/suspensions/suspensions.loop';
import { UsageSamplerLoop } from './loops/usage/usage-sampler.loop';
import { UsageUpkeepLoop } from './loops/usage/usage-upkeep.loop';
import { EventCleanupLoop } from './loops/webhooks/event-cleanup.loop';
import { EventDispatchLoop } from './loops/webhooks/event-dispatch.loop';
import { WebhookSenderLoop } from './loops/webhooks/webhook-sender.loop';
import { OperationsService } from './operations/operations.service';

/** Given to operations that were told to stop, to give themselves back. */
const GIVE_BACK_MS = 5000;
/** Given to each thing that is closed at the end: a Redis or Postgres that is away must not hold the process. */
const CLOSE_MS = 2000;

/** The order in which the worker's parts come up and go down. */
@Injectable()
export class WorkerLifecycle {
  private ending: Promise<void> | null = null;

  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectLog() private readonly log: Log,
    private readonly dataSource: DataSource,
    private readonly redis: RedisConnections,
    private readonly runtimes: HostRuntimes,
    private readonly operations: OperationsService,
    private readonly exec: ExecService,
    private readonly consoles: ConsolesService,
    private readonly reconcile: ReconcileLoop,
    private readonly cleanup: IdempotencyCleanupLoop,
    private readonly sessionCleanup: SessionCleanupLoop,
    private readonly observer: ObserverLoop,
    private readonly liveUsage: LiveUsageService,
    private readonly usageSampler: UsageSamplerLoop,
    private readonly usageUpkeep: UsageUpkeepLoop,
    private readonly metering: MeteringLoop,
    private readonly snapshotSizes: SnapshotSizesLoop,
    private readonly suspensions: SuspensionsLoop,
    private readonly eventDispatch: EventDispatchLoop,
    private readonly eventCleanup: EventCleanupLoop,
    private readonly webhookSender: WebhookSenderLoop,
    private readonly usageExport: UsageExportLoop,
  ) {}

  async start(): Promise<void> {
    await this.operations.start();
    this.exec.start();
    this.consoles.start();
    this.reconcile.start();
    this.cleanup.start();
    this.sessionCleanup.start();
    this.observer.start();
    this.liveUsage.start();
    this.usageUpkeep.start();
    this.usageSampler.start();
    this.metering.start();
    this.snapshotSizes.start();
    this.suspensions.start();
    this.eventDispatch.start();
    this.eventCleanup.start();
    this.webhookSender.start();
    this.usageExport.start();
    this.log.info('the worker takes operations');
  }

  /**
   * Takes no more work, lets what runs end within `shutdownTimeoutMs`, gives the rest back, then closes every connection.
   * Idempotent; never rejects.
   */
  stop(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    this.log.info('the worker ends: no more work is taken');
    const stopped = Promise.all([
      this.quietly('loops', this.reconcile.stop(), this.cleanup.stop(), this.observer.stop()),
      this.quietly('sessions', this.sessionCleanup.stop()),
      this.quietly('usage', this.usageSampler.stop(), this.usageUpkeep.stop(), this.liveUsage.stop()),
      this.quietly('metering', this.metering.stop()),
      this.quietly('snapshot sizes', this.snapshotSizes.stop()),
      this.quietly('suspensions', this.suspensions.stop()),
      this.quietly('events', this.eventDispatch.stop(), this.eventCleanup.stop()),
      this.quietly('webhooks', this.webhookSender.stop()),
      this.quietly('usage exports', this.usageExport.stop()),
      this.quietly('exec', this.exec.stop()),
      this.quietly('consoles', this.consoles.stop()),
      this.quietly('operations', this.operations.pause()),
    ]).then(() => this.operations.idle());
    if (!(await within(stopped, this.options.config.shutdownTimeoutMs))) {
      this.log.warn('operations are still under way: they are given back');
      this.operations.giveBack();
      this.exec.abortRunning();
      await within(stopped, GIVE_BACK_MS);
    }
    await within(this.quietly('queue', this.operations.close()), CLOSE_MS);
    await within(this.quietly('hosts', this.runtimes.close()), CLOSE_MS);
    await within(this.quietly('Redis', this.redis.close()), CLOSE_MS);
    if (this.dataSource.isInitialized)
      await within(this.quietly('Postgres', this.dataSource.destroy()), CLOSE_MS);
    this.log.info('the worker has ended');
  }

  private async quietly(what: string, ...work: Promise<unknown>[]): Promise<void> {
    for (const outcome of await Promise.allSettled(work)) {
      if (outcome.status === 'rejected') this.log.warn({ err: outcome.reason as Error }, `stopping ${what}`);
    }
  }
}

/** Whether the work ended in time. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
}
