import { counter } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import { type SizedServer, SnapshotSizing } from './snapshot-sizing';

const MAX_TICK_MS = 10_000;
/** Servers that are asked for at once: counting reads metadata, and must not press on one host. */
const AT_ONCE = 4;

/** Keeps the sizes of snapshots, which grow while their servers change: each is counted every `snapshotIntervalMs`. */
@Injectable()
export class SnapshotSizesLoop extends Periodic {
  constructor(
    @InjectOptions() { config }: WorkerOptions,
    @InjectLog() log: Log,
    @InjectMetrics() metrics: MetricsRegistry,
    sizing: SnapshotSizing,
  ) {
    const failures = counter(metrics, {
      name: 'berth_worker_snapshot_size_failures_total',
      help: "Servers whose snapshots' sizes could not be counted",
    });
    const measure = (server: SizedServer) =>
      sizing.measure(server).catch((error: unknown) => {
        failures.inc();
        log.debug({ err: error, server: server.serverId }, "a server's snapshots could not be counted");
      });
    super({
      intervalMs: Math.min(MAX_TICK_MS, config.snapshotIntervalMs / 2),
      work: async () => {
        let due: SizedServer[];
        do {
          due = await sizing.claim(config.snapshotIntervalMs, AT_ONCE);
          await Promise.all(due.map(measure));
        } while (due.length > 0 && !this.isStopped);
      },
      onError: (error) =>
        log.warn({ err: error }, 'snapshots to be counted could not be claimed; trying again'),
    });
  }
}
