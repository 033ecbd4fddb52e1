import { purgeEvents } from '@berth/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';

const INTERVAL_MS = 10 * 60_000;
const KEPT_DAYS = 30;
const BATCH = 1000;

/** Deletes events, and the log of their deliveries, that are kept no longer. */
@Injectable()
export class EventCleanupLoop extends Periodic {
  constructor(dataSource: DataSource, @InjectLog() log: Log) {
    super({
      intervalMs: INTERVAL_MS,
      work: async () => {
        let count = BATCH;
        while (count === BATCH && !this.isStopped) {
          count = await purgeEvents(dataSource.manager, KEPT_DAYS, BATCH);
          if (count > 0) log.debug({ count }, 'deleted old events');
        }
      },
      onError: (error) => log.warn({ err: error }, 'old events could not be deleted'),
    });
  }
}
