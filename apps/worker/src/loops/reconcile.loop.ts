import { Injectable } from '@nestjs/common';
import { InjectLog, type Log } from '../core/log';
import { Periodic } from '../core/periodic';
import { InjectOptions, type WorkerOptions } from '../core/worker-options';
import { OperationsService } from '../operations/operations.service';

/** Makes a wiped Redis and a dead worker harmless: rings, at start and then periodically, for what should be running. */
@Injectable()
export class ReconcileLoop extends Periodic {
  constructor(
    @InjectOptions() { config }: WorkerOptions,
    @InjectLog() log: Log,
    operations: OperationsService,
  ) {
    super({
      intervalMs: config.reconcileIntervalMs,
      work: () => operations.ringDue(),
      onError: (error) => log.warn({ err: error }, 'due operations could not be rung for; trying again'),
    });
  }
}
