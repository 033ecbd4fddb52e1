import { jobsSchema, type JobsView } from '@berth/contracts';
import { OperationsQueue } from '@berth/jobs';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { DataSource } from 'typeorm';
import { OperatorOnly } from '../auth/access.decorator';
import { within } from '../http/within';
import { Answers } from '../openapi/answers';
import { readBacklog } from './backlog';

class JobsAnswerDto extends createZodDto(jobsSchema) {}

const REDIS_MS = 2000;

@ApiTags('jobs')
@Controller('v1/jobs')
export class JobsController {
  constructor(
    @Inject(OperationsQueue) private readonly queue: OperationsQueue,
    @Inject(DataSource) private readonly dataSource: DataSource,
  ) {}

  /** How much waits, in the queue and before it. */
  @Get()
  @OperatorOnly()
  @Answers(200, JobsAnswerDto)
  async get(): Promise<JobsView> {
    const [depths, backlog] = await Promise.all([
      within(REDIS_MS, 'Redis', this.queue.depths()),
      readBacklog(this.dataSource),
    ]);
    const { waiting = 0, active = 0, delayed = 0, failed = 0 } = depths;
    return {
      jobs: [{ name: 'operations', waiting, active, delayed, failed }],
      stalled: backlog.stalled,
      failed: backlog.failed,
      outbox: { rows: backlog.outboxRows, oldest_age_s: backlog.outboxOldestAgeS },
    };
  }
}
