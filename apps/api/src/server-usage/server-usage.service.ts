import type { BeancountersView, ServerMetricsQuery, ServerMetricsView } from '@berth/contracts';
import { lastUsage, readUsageSeries } from '@berth/database';
import { metricsRange, totalBeancounters } from '@berth/domain';
import { LiveUsageClient } from '@berth/jobs';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { findServer } from '../servers/server-lookup';
import { metricSeries } from './metric-series';

/** What a server uses, and used. */
@Injectable()
export class ServerUsageService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(LiveUsageClient) private readonly live: LiveUsageClient,
  ) {}

  /** From the host by way of a worker; else the last sample. */
  async beancounters({ caller }: RequestContext, reference: string): Promise<BeancountersView> {
    const server = await findServer(this.dataSource.manager, caller, reference);
    const now = await this.live.ask(server.id);
    if (now) return { beancounters: now.beancounters, at: isoTime(new Date(now.at)), live: true };
    const last = await lastUsage(this.dataSource.manager, server.number);
    return {
      beancounters: last ? totalBeancounters(last) : [],
      at: last && isoTime(last.at),
      live: false,
    };
  }

  async metrics(
    { caller }: RequestContext,
    reference: string,
    query: ServerMetricsQuery,
  ): Promise<{ metrics: ServerMetricsView }> {
    const em = this.dataSource.manager;
    const server = await findServer(em, caller, reference);
    const range = metricsRange(query, Math.floor(Date.now() / 1000));
    const steps = await readUsageSeries(em, server.number, range);
    const time = (seconds: number) => isoTime(new Date(seconds * 1000));
    return {
      metrics: {
        from: time(range.from),
        to: time(range.to),
        step: range.step,
        series: metricSeries(range, steps),
      },
    };
  }
}
