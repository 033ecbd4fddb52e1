import { counter, scrapedGauge } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import { HostClaims, type ClaimedHost } from './host-claims';
import { HostObservation } from './host-observation';
import type { WatchedHost } from './watched-host';

/** How often hosts that are due are looked for, ms. */
const TICK_MS = 25;
/** Looks at a time; those at hosts that don't answer have a lane of their own, so that they hold up nobody. */
const LANES = { answering: 64, silent: 32 };
/** A host that failed so often in a row takes no orders. */
const MISSES = 2;
/** A look that takes longer counts as a miss, though its answer is still awaited. */
const SLOW_MS = 5000;
/** What differs is looked at again after this time, ms: a reboot from inside is over by then, or the next look shows it. */
const CONFIRM_MS = 300;

/** Watches hosts: each has one worker that looks at it every `observeIntervalMs`. */
@Injectable()
export class ObserverLoop {
  private readonly watched = new Map<string, WatchedHost>();
  private readonly busy = { answering: 0, silent: 0 };
  private readonly looks = new Set<Promise<void>>();
  private readonly claiming: Periodic;
  private readonly renewing: Periodic;
  private readonly failures: { inc(): void };
  private readonly leaseMs: number;
  private ticker: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectLog() private readonly log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    private readonly claims: HostClaims,
    private readonly observation: HostObservation,
  ) {
    const { observeIntervalMs } = options.config;
    this.leaseMs = Math.max(2000, 5 * observeIntervalMs);
    const onError = (error: Error) =>
      this.log.warn({ err: error }, 'the observer could not read or write hosts; trying again');
    this.claiming = new Periodic({
      intervalMs: Math.min(1000, observeIntervalMs),
      work: () => this.claim(),
      onError,
    });
    this.renewing = new Periodic({ intervalMs: this.leaseMs / 3, work: () => this.renew(), onError });
    this.failures = counter(metrics, {
      name: 'berth_worker_observe_failures_total',
      help: 'Looks at hosts that failed',
    });
    scrapedGauge(
      metrics,
      { name: 'berth_worker_watched_hosts', help: 'Hosts that this worker watches', labelNames: ['state'] },
      async () => this.count(),
    );
  }

  start(): void {
    this.claiming.start();
    this.renewing.start();
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  /** Lets hosts go for other workers to watch. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.ticker) clearInterval(this.ticker);
    await Promise.all([this.claiming.stop(), this.renewing.stop()]);
    await Promise.race([
      Promise.all(this.looks),
      new Promise((resolve) => setTimeout(resolve, 1000).unref()),
    ]);
    await this.claims.release();
  }

  private async claim(): Promise<void> {
    let claimed: ClaimedHost[];
    do {
      claimed = await this.claims.claim(this.leaseMs);
      for (const one of claimed) this.watch(one);
    } while (claimed.length > 0 && !this.stopped);
  }

  private watch({ host, reachable, version }: ClaimedHost): void {
    const known = this.watched.get(host.id);
    if (known) {
      // Lost for a moment, since the lease could not be renewed; or changed by somebody.
      Object.assign(known, { record: host, reachable, version });
      return;
    }
    this.watched.set(host.id, {
      record: host,
      version,
      reachable,
      misses: 0,
      trouble: null,
      seen: false,
      // Spread over the interval, but for the first: one host is looked at at once.
      dueAt: performance.now() + (this.watched.size === 0 ? 0 : Math.random() * this.interval),
      looking: false,
      suspects: new Set(),
      recovery: null,
    });
  }

  private async renew(): Promise<void> {
    const held = [...this.watched].map(([id, { seen }]) => ({ id, seen }));
    if (held.length === 0) return;
    for (const { id } of held) this.watched.get(id)!.seen = false;
    const versions = await this.claims.renew(held, this.leaseMs);
    const changed = held.filter(({ id }) => versions.get(id) !== this.watched.get(id)?.version);
    const now = new Map(
      (await this.claims.read(changed.map(({ id }) => id))).map((one) => [one.host.id, one]),
    );
    for (const { id } of changed) {
      const found = now.get(id);
      if (found) this.watch(found);
      else this.watched.delete(id);
    }
  }

  private tick(): void {
    const now = performance.now();
    for (const watched of this.watched.values()) {
      if (watched.looking || watched.dueAt > now || this.stopped) continue;
      const lane = watched.misses > 0 ? 'silent' : 'answering';
      if (this.busy[lane] >= LANES[lane]) continue;
      this.busy[lane] += 1;
      watched.looking = true;
      const look = this.look(watched).finally(() => {
        this.busy[lane] -= 1;
        watched.looking = false;
        this.looks.delete(look);
      });
      this.looks.add(look);
    }
  }

  /** Never rejects. */
  private async look(watched: WatchedHost): Promise<void> {
    const started = performance.now();
    let next = started + this.interval;
    const slow = setInterval(
      () => void this.missed(watched, `it has not answered for ${SLOW_MS} ms`),
      SLOW_MS,
    );
    try {
      const snapshot = await this.observation.snapshot(watched);
      clearInterval(slow);
      await this.answered(watched);
      if (await this.observation.digest(watched, snapshot)) next = performance.now() + CONFIRM_MS;
    } catch (error) {
      clearInterval(slow);
      if (isOfHost(error)) await this.missed(watched, error.message);
      else if (!this.stopped)
        this.log.warn(
          { err: error, host: watched.record.name },
          'what the host showed could not be digested',
        );
    }
    watched.dueAt = Math.max(next, performance.now());
  }

  private async answered(watched: WatchedHost): Promise<void> {
    watched.seen = true;
    watched.misses = 0;
    if (watched.reachable && watched.trouble === null) return;
    await this.claims.setReachable(watched.record.id, true, null);
    watched.reachable = true;
    watched.trouble = null;
    this.log.info({ host: watched.record.name }, 'the host answers');
  }

  private async missed(watched: WatchedHost, why: string): Promise<void> {
    this.failures.inc();
    watched.misses += 1;
    if (watched.misses < MISSES || watched.trouble === why) return;
    watched.trouble = why;
    watched.reachable = false;
    this.log.warn({ host: watched.record.name, why }, 'the host does not answer');
    await this.claims.setReachable(watched.record.id, false, why).catch((error: unknown) => {
      watched.trouble = null;
      this.log.warn({ err: error }, 'could not be written; trying again');
    });
  }

  private get interval(): number {
    return this.options.config.observeIntervalMs;
  }

  private count(): { labels: { state: string }; value: number }[] {
    const all = [...this.watched.values()];
    const silent = all.filter(({ misses }) => misses >= MISSES).length;
    return [
      { labels: { state: 'answering' }, value: all.length - silent },
      { labels: { state: 'silent' }, value: silent },
    ];
  }
}

/** A runtime's error tells of the host; anything else is the database's, or ours. */
function isOfHost(error: unknown): error is Error {
  return error instanceof Error && error.name === 'RuntimeError';
}
