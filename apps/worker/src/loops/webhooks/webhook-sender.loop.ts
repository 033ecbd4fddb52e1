import { claimLanes, type LaneClaim } from '@berth/database';
import { counter, scrapedGauge, secondsHistogram } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import type { Attempted } from './delivery-attempt';
import { LaneRun, leaseMs } from './lane-run';

const INTERVAL_MS = 200;
/** Lanes at a time in a worker, and of one endpoint. */
const SLOTS = 64;
const SLOTS_PER_ENDPOINT = 8;
/** Given to what is under way when the worker ends, ms; then it is sent again by another. */
const GRACE_MS = 2000;

/** Sends to webhooks what is due. Any number of workers may: each lane is one claim's. */
@Injectable()
export class WebhookSenderLoop {
  private readonly ticking: Periodic;
  private readonly running = new Map<Promise<void>, string>();
  private stopped = false;
  private readonly ending = new AbortController();
  private readonly metrics: ReturnType<typeof makeMetrics>;

  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectLog() private readonly log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    private readonly dataSource: DataSource,
    private readonly lanes: LaneRun,
  ) {
    this.metrics = makeMetrics(metrics, dataSource);
    this.ticking = new Periodic({
      intervalMs: INTERVAL_MS,
      work: () => this.tick(),
      onError: (error) =>
        log.warn({ err: error }, 'webhooks that are due could not be claimed; trying again'),
    });
  }

  start(): void {
    this.ticking.start();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.ticking.stop();
    const grace = setTimeout(() => this.ending.abort(), GRACE_MS);
    await Promise.all(this.running.keys());
    clearTimeout(grace);
  }

  /** As long as there is something due: when a lane has ended there is room for the next. */
  private async tick(): Promise<void> {
    for (;;) {
      const claims = await this.claim();
      for (const claim of claims) this.begin(claim);
      if (claims.length === 0 || this.stopped) return;
      await Promise.race([...this.running.keys(), delay(INTERVAL_MS)]);
    }
  }

  /** Receivers that are slow have a few slots, and those that answer the rest. */
  private async claim(): Promise<LaneClaim[]> {
    const limit = SLOTS - this.running.size;
    if (limit <= 0) return [];
    return claimLanes(this.dataSource, {
      limit,
      perEndpoint: SLOTS_PER_ENDPOINT,
      except: this.fullEndpoints(),
      leaseMs: leaseMs(this.options.config.webhookTimeoutMs),
    });
  }

  /** Those that have their share. One more claim could bring any other to less than twice the share. */
  private fullEndpoints(): string[] {
    const counts = new Map<string, number>();
    for (const endpoint of this.running.values()) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= SLOTS_PER_ENDPOINT).map(([endpoint]) => endpoint);
  }

  private begin(claim: LaneClaim): void {
    const work = this.lanes
      .run(claim, this.ending.signal, (attempted) => this.count(attempted))
      .catch((error: unknown) => {
        this.metrics.lost.inc();
        this.log.warn(
          { err: error, webhook: claim.endpointId },
          'what came of a webhook could not be written; it is sent again',
        );
      })
      .finally(() => this.running.delete(work));
    this.running.set(work, claim.endpointId);
  }

  private count({ status, durationMs }: Attempted): void {
    const outcome = status === null ? 'no_answer' : `${Math.floor(status / 100)}xx`;
    this.metrics.seconds.observe({ outcome }, durationMs / 1000);
  }
}

function makeMetrics(registry: MetricsRegistry, dataSource: DataSource) {
  scrapedGauge(
    registry,
    { name: 'berth_worker_webhook_pending', help: 'Deliveries that are neither delivered nor given up' },
    () =>
      dataSource.query(`SELECT count(*)::float8 AS value FROM webhook_deliveries WHERE status = 'pending'`),
  );
  scrapedGauge(
    registry,
    {
      name: 'berth_worker_webhook_overdue_seconds',
      help: 'Since the delivery that is longest due was due: above some seconds, the workers do not keep up',
    },
    () =>
      dataSource.query(
        `SELECT coalesce(extract(epoch FROM now() - min(l.due_at)), 0)::float8 AS value FROM webhook_lanes l
           JOIN webhook_endpoints w ON w.id = l.endpoint_id WHERE l.due_at <= now() AND w.enabled AND w.paused_until <= now()`,
      ),
  );
  return {
    seconds: secondsHistogram(registry, {
      name: 'berth_worker_webhook_attempt_seconds',
      help: 'Attempts to deliver an event, from the resolution of the name to the answer',
      labelNames: ['outcome'],
    }),
    lost: counter(registry, {
      name: 'berth_worker_webhook_lost_total',
      help: 'Attempts whose outcome could not be written: they are made again',
    }),
  };
}
