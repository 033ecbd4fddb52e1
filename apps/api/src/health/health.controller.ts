import { BerthError } from '@berth/domain';
import { type BeforeApplicationShutdown, Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { Public } from '../auth/access.decorator';
import { within } from '../http/within';
import { FAST_REDIS } from '../redis/fast-redis';

type State = 'up' | 'down';
const CHECK_MS = 2000;

@ApiTags('health')
@Controller('health')
export class HealthController implements BeforeApplicationShutdown {
  private ending = false;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(FAST_REDIS) private readonly redis: Redis,
  ) {}

  beforeApplicationShutdown(): void {
    this.ending = true;
  }

  /** The process is alive. */
  @Get('live')
  @Public()
  live() {
    return { status: 'ok' };
  }

  /** It can take requests. Without Redis it can: orders are kept in Postgres until the workers hear of them. */
  @Get('ready')
  @Public()
  async ready() {
    const [postgres, redis] = await Promise.all([
      this.check(this.dataSource.query('SELECT 1')),
      this.check(this.redis.ping()),
    ]);
    const checks = { postgres, redis };
    if (this.ending || postgres === 'down') {
      throw new BerthError('unavailable', this.ending ? 'shutting down' : 'Postgres does not answer', {
        checks,
      });
    }
    return { status: redis === 'up' ? 'ok' : 'degraded', checks };
  }

  private async check(answer: Promise<unknown>): Promise<State> {
    return within(CHECK_MS, 'it', answer).then(
      () => 'up',
      () => 'down',
    );
  }
}
