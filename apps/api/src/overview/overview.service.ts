import type { OverviewView } from '@berth/contracts';
import { type OverviewFacts, readFleet, readOverviewFacts } from '@berth/database';
import { OperationsQueue } from '@berth/jobs';
import { serverStatusSchema, type ServerStatus } from '@berth/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isoTime } from '../http/time';
import { within } from '../http/within';
import { alertsOf } from './alerts';
import { fleetView } from './fleet-view';

const REDIS_MS = 1000;
/** Of all who look at the same time, one asks. */
const KEEP_MS = 1000;

function serversView(servers: OverviewFacts['servers']): OverviewView['servers'] {
  const by_status = Object.fromEntries(
    serverStatusSchema.options.map((status) => [status, servers[status] ?? 0]),
  ) as Record<ServerStatus, number>;
  return { total: Object.values(by_status).reduce((a, b) => a + b, 0), by_status };
}

@Injectable()
export class OverviewService {
  private last: { at: number; view: Promise<OverviewView> } | null = null;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(OperationsQueue) private readonly queue: OperationsQueue,
  ) {}

  /** At most a second old. */
  get(): Promise<OverviewView> {
    const now = performance.now();
    if (this.last && now - this.last.at < KEEP_MS) return this.last.view;
    const view = this.read();
    this.last = { at: now, view };
    view.catch(() => (this.last = null));
    return view;
  }

  private async read(): Promise<OverviewView> {
    const em = this.dataSource.manager;
    const [facts, fleet, queue] = await Promise.all([readOverviewFacts(em), readFleet(em), this.depths()]);
    const now = new Date();
    const { pending, running, oldest_pending_s } = facts;
    const per_minute = facts.per_minute.map((minute) => ({ ...minute, at: isoTime(new Date(minute.at)) }));
    return {
      at: isoTime(now),
      servers: serversView(facts.servers),
      operations: { per_minute, pending, running, oldest_pending_s },
      queue,
      hosts: fleetView(fleet),
      alerts: alertsOf(facts, fleet, { queueAnswers: queue !== null, now }),
    };
  }

  private async depths(): Promise<OverviewView['queue']> {
    try {
      const depths = await within(REDIS_MS, 'Redis', this.queue.depths());
      const { waiting = 0, active = 0, delayed = 0, failed = 0 } = depths;
      return { waiting, active, delayed, failed };
    } catch {
      return null;
    }
  }
}
