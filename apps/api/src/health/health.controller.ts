import { BerthError } from '@berth/domain';
import { type BeforeApplicationShutdown, Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Redis } from 'ioredis';
import { createZodDto } from 'nestjs-zod';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { Public } from '../auth/access.decorator';
import { within } from '../http/within';
import { Answers } from '../openapi/answers';
import { FAST_REDIS } from '../redis/fast-redis';

const state = z.enum(['up', 'down']);
type State = z.output<typeof state>;
class AliveDto extends createZodDto(z.object({ status: z.literal('ok') })) {}
class ReadyDto extends createZodDto(
  z.object({ status: z.enum(['ok', 'degraded']), checks: z.object({ postgres: state, redis: state }) }),
) {}
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
  @Answers(200, AliveDto)
  live() {
    return { status: 'ok' };
  }

  /** It can take requests. Without Redis it can: orders are kept in Postgres until the workers hear of them. */
  @Get('ready')
  @Public()
  @Answers(200, ReadyDto)
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
