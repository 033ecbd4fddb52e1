import {
  dropOldHostUsage,
  dropOldSamples,
  ensureUsagePartitions,
  rollUpUsage,
  usageTime,
} from '@berth/database';
import { counter, scrapedGauge } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';

const INTERVAL_MS = 5 * 60_000;

/** Makes the partitions of usage ahead, sums hours up that are over, and drops days of samples that are kept no longer. */
@Injectable()
export class UsageUpkeepLoop extends Periodic {
  constructor(dataSource: DataSource, @InjectLog() log: Log, @InjectMetrics() metrics: MetricsRegistry) {
    const failures = counter(metrics, {
      name: 'berth_worker_usage_upkeep_failures_total',
      help: 'Roll-ups and upkeeps of partitions that failed',
    });
    scrapedGauge(
      metrics,
      {
        name: 'berth_worker_usage_rollup_lag_seconds',
        help: 'Since the end of the last hour in usage_hours',
      },
      () =>
        dataSource.query(
          'SELECT extract(epoch FROM now() - rolled_up_to)::float8 AS value FROM usage_progress',
        ),
    );
    super({
      intervalMs: INTERVAL_MS,
      work: async () => {
        const now = await usageTime(dataSource);
        await ensureUsagePartitions(dataSource, now);
        const hours = await rollUpUsage(dataSource, now);
        if (hours > 0) log.debug({ hours }, 'hours of usage summed up');
        await dropOldHostUsage(dataSource, now);
        const dropped = await dropOldSamples(dataSource, now);
        if (dropped.length > 0) log.info({ dropped }, 'old samples of usage dropped');
      },
      onError: (error) => {
        failures.inc();
        log.warn({ err: error }, 'usage could not be summed up, or its partitions kept; trying again');
      },
    });
  }
}
