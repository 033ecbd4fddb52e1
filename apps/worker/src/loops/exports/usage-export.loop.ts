import { counter, scrapedGauge } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import { createSink } from './create-sink';
import { type ExportClaim, ExportClaims, LostClaim } from './export-claims';
import { UsageExporter } from './usage-exporter';
import { SinkError, type UsageSink } from './usage-sink';

/** How often it is looked whether a sink is due, at least, ms. */
const MAX_TICK_MS = 5000;
/** After a failure: twice as long after each, ms. */
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 10 * 60_000;

/** Tells every sink that is switched on of usage; each on its own, so that none waits for another. */
@Injectable()
export class UsageExportLoop {
  private readonly loops: Periodic[];
  private readonly aborting = new AbortController();
  private readonly metrics: ReturnType<typeof makeMetrics>;

  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectLog() private readonly log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    dataSource: DataSource,
    private readonly claims: ExportClaims,
    private readonly exporter: UsageExporter,
  ) {
    const { sinks, intervalMs } = options.config.usageExport;
    this.metrics = makeMetrics(metrics, sinks.length > 0 ? dataSource : null);
    this.loops = sinks.map(createSink).map(
      (sink) =>
        new Periodic({
          intervalMs: Math.min(MAX_TICK_MS, intervalMs),
          work: () => this.tell(sink),
          onError: (error) =>
            log.warn(
              { err: error, sink: sink.name },
              'usage to be exported could not be claimed; trying again',
            ),
        }),
    );
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  /** Doesn't wait for answers of sinks: what they have taken without our knowing is sent again. */
  async stop(): Promise<void> {
    this.aborting.abort();
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private async tell(sink: UsageSink): Promise<void> {
    const claim = await this.claims.claim(sink.name);
    if (!claim) return;
    const counts = {
      sent: (count: number) => this.metrics.sent.inc({ sink: sink.name }, count),
      rejected: () => this.metrics.rejected.inc({ sink: sink.name }),
    };
    try {
      await this.exporter.export(sink, claim, counts, this.aborting.signal);
      await this.claims.end(claim, this.options.config.usageExport.intervalMs, null);
    } catch (error) {
      if (error instanceof LostClaim) return;
      await this.failed(sink, claim, error as Error);
    }
  }

  private async failed(sink: UsageSink, claim: ExportClaim, error: Error): Promise<void> {
    // Given back at once: the next worker goes on.
    if (this.aborting.signal.aborted) return this.claims.end(claim, 0, null);
    const asked = error instanceof SinkError ? (error.options.retryAfterMs ?? 0) : 0;
    const wait = Math.min(MAX_WAIT_MS, Math.max(asked, FIRST_WAIT_MS * 2 ** Math.min(claim.failures, 20)));
    this.metrics.failures.inc({ sink: sink.name });
    this.log.warn({ err: error, sink: sink.name, waitMs: wait }, 'usage could not be exported; trying again');
    await this.claims.end(claim, wait, error.message);
  }
}

/** `dataSource`: null where nothing is exported. */
function makeMetrics(registry: MetricsRegistry, dataSource: DataSource | null) {
  const labelNames = ['sink'];
  const gauge = (name: string, help: string, sql: string) => {
    if (!dataSource) return;
    scrapedGauge(registry, { name, help, labelNames }, async () => {
      const rows: { sink: string; value: number }[] = await dataSource.query(sql);
      return rows.map(({ sink, value }) => ({ labels: { sink }, value }));
    });
  };
  gauge(
    'berth_worker_usage_export_lag_records',
    'How many numbers of usage records the sink is behind',
    `SELECT sink, (SELECT coalesce(max(seq), 0) FROM usage_records)::float8 - seq AS value FROM usage_exports`,
  );
  gauge(
    'berth_worker_usage_export_set_aside',
    'Usage records that the sink refused: rows of usage_export_rejects',
    `SELECT e.sink, count(r.record_id)::int AS value FROM usage_exports e
       LEFT JOIN usage_export_rejects r USING (sink) GROUP BY e.sink`,
  );
  return {
    sent: counter(registry, {
      name: 'berth_worker_usage_export_sent_total',
      help: 'Usage records that the sink has taken',
      labelNames,
    }),
    rejected: counter(registry, {
      name: 'berth_worker_usage_export_rejected_total',
      help: 'Usage records that the sink refused',
      labelNames,
    }),
    failures: counter(registry, {
      name: 'berth_worker_usage_export_failures_total',
      help: "Exports that ended early: the sink didn't answer, or Postgres",
      labelNames,
    }),
  };
}
