import { dispatchEvents } from '@berth/database';
import { scrapedGauge } from '@berth/observability';
import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { InjectMetrics, type MetricsRegistry } from '../../core/core.module';
import { InjectLog, type Log } from '../../core/log';
import { Periodic } from '../../core/periodic';

const INTERVAL_MS = 200;
/** While transactions under way may still bring an earlier event. */
const WAITING_MS = 20;

/** Hands new events to the webhooks that want them. One worker does at a time; any may. */
@Injectable()
export class EventDispatchLoop extends Periodic {
  constructor(dataSource: DataSource, @InjectLog() log: Log, @InjectMetrics() metrics: MetricsRegistry) {
    scrapedGauge(
      metrics,
      {
        name: 'berth_worker_event_dispatch_lag_seconds',
        help: 'Since the oldest event that was not handed to the webhooks: a transaction that does not end holds them up',
      },
      () =>
        dataSource.query(
          `SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8 AS value
             FROM events WHERE seq > (SELECT dispatched_to FROM event_dispatch)
              AND EXISTS (SELECT FROM webhook_endpoints WHERE enabled)`,
        ),
    );
    super({
      intervalMs: INTERVAL_MS,
      work: async () => {
        for (;;) {
          const outcome = await dispatchEvents(dataSource);
          if (outcome === 'idle' || outcome === 'busy' || this.isStopped) return;
          if (outcome === 'waiting') await delay(WAITING_MS);
        }
      },
      onError: (error) =>
        log.warn({ err: error }, 'events could not be handed to the webhooks; trying again'),
    });
  }
}
