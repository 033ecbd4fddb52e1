import { purgeSessions } from '@berth/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLog, type Log } from '../core/log';
import { Periodic } from '../core/periodic';

const INTERVAL_MS = 5 * 60_000;

/** Deletes the sessions that are over. Nobody gets in by them meanwhile: the API looks at their times itself. */
@Injectable()
export class SessionCleanupLoop extends Periodic {
  constructor(dataSource: DataSource, @InjectLog() log: Log) {
    super({
      intervalMs: INTERVAL_MS,
      work: async () => {
        const count = await purgeSessions(dataSource.manager);
        if (count > 0) log.debug({ count }, 'deleted sessions that are over');
      },
      onError: (error) => log.warn({ err: error }, 'sessions that are over could not be deleted'),
    });
  }
}
