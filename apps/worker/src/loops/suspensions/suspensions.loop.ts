import { Injectable } from '@nestjs/common';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';
import { SuspensionKeeping } from './suspension-keeping';

const INTERVAL_MS = 2000;

/** Suspends, lets go and deletes what billing wants to be so, where the operation that was to do it failed or is yet to come. */
@Injectable()
export class SuspensionsLoop extends Periodic {
  constructor(@InjectLog() log: Log, keeping: SuspensionKeeping) {
    super({
      intervalMs: INTERVAL_MS,
      work: async () => {
        const asked = await keeping.keep();
        if (asked > 0) log.info({ asked }, "operations asked for servers' suspension or termination");
      },
      onError: (error) => log.warn({ err: error }, "servers' suspensions could not be kept; trying again"),
    });
  }
}
