import { closeUsageWindows, SAMPLE_SLACK_MS, usageTime } from '@berth/database';
import { counter, scrapedGauge } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';

/** Hours are summed up every five minutes; a look whether one is costs little. */
const INTERVAL_MS = 60_000;

/** Writes the usage records of hours that are over and summed up. */
@Injectable()
export class MeteringLoop extends Periodic {
  constructor(
    dataSource: DataSource,
    @InjectLog() log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    @InjectOptions() { config }: WorkerOptions,
  ) {
    const failures = counter(metrics, {
      name: 'berth_worker_metering_failures_total',
      help: 'Closings of hours that failed',
    });
    scrapedGauge(
      metrics,
      {
        name: 'berth_worker_metering_lag_seconds',
        help: 'Since the end of the last hour that has usage records',
      },
      () =>
        dataSource.query(
          'SELECT extract(epoch FROM now() - metered_to)::float8 AS value FROM metering_progress',
        ),
    );
    super({
      intervalMs: INTERVAL_MS,
      work: async () => {
        const slackMs = Math.max(SAMPLE_SLACK_MS, 2 * config.usageIntervalMs);
        const hours = await closeUsageWindows(dataSource, { now: await usageTime(dataSource), slackMs });
        if (hours > 0) log.info({ hours }, 'hours of usage closed: their records are written');
      },
      onError: (error) => {
        failures.inc();
        log.warn({ err: error }, 'usage records could not be written; trying again');
      },
    });
  }
}
