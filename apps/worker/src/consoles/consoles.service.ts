import { ConsoleServer } from '@berth/jobs';
import { scrapedGauge } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../core/core.module';
import { InjectLog, type Log } from '../core/log';
import { RedisConnections } from '../core/redis-connections';
import { InjectOptions, InjectWorkerId, type WorkerOptions } from '../core/worker-options';
import { HostRuntimes } from '../hosts/host-runtimes';
import { findPlace } from './console-place';
import { ConsoleRun } from './console-run';

/** Consoles at a time in this process; more wait for another worker. */
const CONCURRENCY = 500;

/** Terminals in servers for the API, which has no way to a host. */
@Injectable()
export class ConsolesService {
  private readonly server: ConsoleServer;

  constructor(
    @InjectOptions() { config }: WorkerOptions,
    @InjectWorkerId() workerId: string,
    @InjectLog() log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    redis: RedisConnections,
    dataSource: DataSource,
    runtimes: HostRuntimes,
  ) {
    const onError = (error: Error) => log.warn({ err: error }, 'console: trouble; it is tried again');
    const around = {
      place: (serverId: string) => findPlace(dataSource, serverId),
      runtime: (host: Parameters<HostRuntimes['of']>[0]) => runtimes.of(host, 'console'),
      onError,
    };
    this.server = new ConsoleServer({
      redis: redis.shared,
      requests: redis.open(),
      reader: redis.open(),
      prefix: config.queuePrefix,
      workerId,
      concurrency: CONCURRENCY,
      handler: (link) => new ConsoleRun(link, around).run(),
      onError,
    });
    scrapedGauge(
      metrics,
      { name: 'berth_worker_consoles', help: 'Consoles that this worker serves' },
      async () => [{ value: this.server.open }],
    );
  }

  start(): void {
    this.server.start();
  }

  /** Their shells end; the API has other workers open new ones. */
  async stop(): Promise<void> {
    await this.server.stop();
  }
}
