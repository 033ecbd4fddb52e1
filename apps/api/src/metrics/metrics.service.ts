import { OperationsQueue } from '@berth/jobs';
import { createMetrics, type MetricsRegistry, scrapedGauge, secondsHistogram } from '@berth/observability';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CommandsService } from '../commands/commands.service';
import { within } from '../http/within';
import { readBacklog } from '../jobs/backlog';

interface CountRow {
  kind: string;
  status: string;
  count: string;
}

/** pg's pool, which TypeORM keeps to itself. */
interface PoolCounts {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
}

/** What the API measures. Figures of the fleet are read when they are scraped, so any one process can be asked. */
@Injectable()
export class MetricsService {
  readonly registry: MetricsRegistry = createMetrics('api');
  readonly requests = secondsHistogram(this.registry, {
    name: 'berth_http_request_duration_seconds',
    help: 'Duration of HTTP requests by route',
    labelNames: ['method', 'route', 'status'],
  });

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(OperationsQueue) queue: OperationsQueue,
    @Inject(CommandsService) commands: CommandsService,
  ) {
    this.operations();
    this.gauge('berth_queue_jobs', 'Jobs in the queue by state', ['queue', 'state'], async () =>
      Object.entries(await within(1000, 'Redis', queue.depths())).map(([state, value]) => ({
        labels: { queue: 'operations', state },
        value,
      })),
    );
    this.gauge('berth_outbox', 'Outbox: rows, and age of the oldest in seconds', ['figure'], async () => {
      const backlog = await readBacklog(dataSource);
      return [
        { labels: { figure: 'rows' }, value: backlog.outboxRows },
        { labels: { figure: 'oldest_age_seconds' }, value: backlog.outboxOldestAgeS },
      ];
    });
    this.gauge('berth_db_pool_connections', 'Connections to Postgres by state', ['state'], () => {
      const pool = (dataSource.driver as unknown as { master: PoolCounts }).master;
      return Promise.resolve([
        { labels: { state: 'busy' }, value: pool.totalCount - pool.idleCount },
        { labels: { state: 'idle' }, value: pool.idleCount },
        { labels: { state: 'awaited' }, value: pool.waitingCount },
      ]);
    });
    this.gauge('berth_transactions_waiting', 'Changes that wait for their turn in this process', [], () =>
      Promise.resolve([{ value: commands.gate.waiting }]),
    );
  }

  private operations(): void {
    const read = (where: string) => async () => {
      const rows: CountRow[] = await this.dataSource.query(
        `SELECT kind, status, count(*) FROM operations WHERE ${where} GROUP BY kind, status`,
      );
      return rows.map(({ kind, status, count }) => ({ labels: { kind, status }, value: Number(count) }));
    };
    const labels = ['kind', 'status'];
    const open = `status IN ('pending','running')`;
    this.gauge('berth_operations_open', 'Operations that have not ended', labels, read(open));
    // The whole table would be read at each scrape otherwise; the workers count what they end.
    const lastHour = `created_at > now() - interval '1 hour'`;
    this.gauge('berth_operations_last_hour', 'Operations asked for in the last hour', labels, read(lastHour));
  }

  private gauge(
    name: string,
    help: string,
    labelNames: string[],
    read: Parameters<typeof scrapedGauge>[2],
  ): void {
    scrapedGauge(this.registry, { name, help, labelNames }, read);
  }
}
