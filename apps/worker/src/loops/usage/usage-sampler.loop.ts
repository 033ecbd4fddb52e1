import { ensureUsagePartitions, usageTime } from '@berth/database';
import { counter, secondsHistogram } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import { HostSampling } from './host-sampling';
import { UsageClaims, type UsageClaim } from './usage-claims';

/** Hosts at a time; those that don't answer have a lane of their own, so that they hold up nobody. */
const LANES = { answering: 16, silent: 8 };
type Lane = keyof typeof LANES;
/** A worker that died with a claim: the host is sampled again after this time, ms. Longer than a sample may take. */
const LEASE_MS = 60_000;
const MAX_TICK_MS = 1000;

/** Asks every host each `usageIntervalMs` what its servers use. */
@Injectable()
export class UsageSamplerLoop {
  private readonly ticking: Periodic;
  private readonly busy: Record<Lane, number> = { answering: 0, silent: 0 };
  private readonly running = new Set<Promise<void>>();
  private readonly metrics: ReturnType<typeof makeMetrics>;
  private hasPartitions = false;
  private stopped = false;

  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectLog() private readonly log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    private readonly dataSource: DataSource,
    private readonly claims: UsageClaims,
    private readonly sampling: HostSampling,
  ) {
    this.metrics = makeMetrics(metrics);
    this.ticking = new Periodic({
      intervalMs: Math.min(MAX_TICK_MS, options.config.usageIntervalMs / 4),
      work: () => this.tick(),
      onError: (error) => log.warn({ err: error }, 'hosts to be sampled could not be claimed; trying again'),
    });
  }

  start(): void {
    this.ticking.start();
  }

  /** Waits for samples under way, for a moment: what is not written is counted with the next. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.ticking.stop();
    await Promise.race([
      Promise.all(this.running),
      new Promise((resolve) => setTimeout(resolve, 1000).unref()),
    ]);
  }

  private async tick(): Promise<void> {
    if (!this.hasPartitions) await ensureUsagePartitions(this.dataSource, await usageTime(this.dataSource));
    this.hasPartitions = true;
    await this.claims.addNewHosts();
    for (const lane of Object.keys(LANES) as Lane[]) {
      const free = LANES[lane] - this.busy[lane];
      if (free <= 0 || this.stopped) continue;
      for (const claim of await this.claims.claim(free, lane === 'silent', LEASE_MS)) this.begin(claim, lane);
    }
  }

  private begin(claim: UsageClaim, lane: Lane): void {
    this.busy[lane] += 1;
    const work = this.sample(claim).finally(() => {
      this.busy[lane] -= 1;
      this.running.delete(work);
    });
    this.running.add(work);
  }

  /** Never rejects. */
  private async sample(claim: UsageClaim): Promise<void> {
    const stopTimer = this.metrics.seconds.startTimer();
    try {
      const count = await this.sampling.sample(claim);
      stopTimer({ outcome: count === null ? 'lost' : 'written' });
      this.metrics.samples.inc(count ?? 0);
    } catch (error) {
      stopTimer({ outcome: 'failed' });
      this.metrics.failures.inc();
      if (!this.stopped) await this.failed(claim, error as Error);
    }
  }

  private async failed(claim: UsageClaim, error: Error): Promise<void> {
    this.log.debug({ err: error, host: claim.host.name }, "the host's servers could not be sampled");
    await this.claims
      .end(this.dataSource.manager, claim, this.options.config.usageIntervalMs, error.message)
      .catch((cause: unknown) => this.log.warn({ err: cause }, 'a failed sample could not be noted'));
  }
}

function makeMetrics(registry: MetricsRegistry) {
  return {
    seconds: secondsHistogram(registry, {
      name: 'berth_worker_usage_sample_seconds',
      help: "One host's sample, from the question to the commit",
      labelNames: ['outcome'],
    }),
    samples: counter(registry, {
      name: 'berth_worker_usage_samples_total',
      help: 'Samples of servers that were written',
    }),
    failures: counter(registry, {
      name: 'berth_worker_usage_failures_total',
      help: "Samples of hosts that failed: the host didn't answer, or Postgres",
    }),
  };
}
