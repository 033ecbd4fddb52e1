import { purgeIdempotencyKeys } from '@berth/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLog, type Log } from '../core/log';
import { Periodic } from '../core/periodic';

const INTERVAL_MS = 10 * 60_000;

/** Deletes answers that are kept no longer: see IDEMPOTENCY_HOURS. */
@Injectable()
export class IdempotencyCleanupLoop extends Periodic {
  constructor(dataSource: DataSource, @InjectLog() log: Log) {
    super({
      intervalMs: INTERVAL_MS,
      work: async () => {
        const count = await purgeIdempotencyKeys(dataSource.manager);
        if (count > 0) log.debug({ count }, 'deleted expired idempotency keys');
      },
      onError: (error) => log.warn({ err: error }, 'expired idempotency keys could not be deleted'),
    });
  }
}
