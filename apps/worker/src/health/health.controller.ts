import { Controller, Get, Header, ServiceUnavailableException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../core/core.module';
import { RedisConnections } from '../core/redis-connections';

const CHECK_TIMEOUT_MS = 2000;

/** For supervisors and Prometheus; bound to loopback. */
@Controller()
export class HealthController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly redis: RedisConnections,
    @InjectMetrics() private readonly metrics: MetricsRegistry,
  ) {}

  /** The process runs; without Postgres or Redis it waits for them, which a restart would not hasten. */
  @Get('health/live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  @Get('health/ready')
  async ready(): Promise<{ status: string; checks: Record<string, string> }> {
    const [postgres, redis] = await Promise.all([
      check(this.dataSource.query('SELECT 1')),
      check(this.redis.shared.ping()),
    ]);
    const checks = { postgres, redis };
    if (postgres === 'ok' && redis === 'ok') return { status: 'ok', checks };
    throw new ServiceUnavailableException({ status: 'unavailable', checks });
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async scrape(): Promise<string> {
    return this.metrics.metrics();
  }
}

async function check(work: Promise<unknown>): Promise<'ok' | 'unreachable'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'unreachable'>((resolve) => {
    timer = setTimeout(() => resolve('unreachable'), CHECK_TIMEOUT_MS);
  });
  const answered = work.then(
    () => 'ok' as const,
    () => 'unreachable' as const,
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
