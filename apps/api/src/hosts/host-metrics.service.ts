import {
  type HostMetricSeries,
  type HostMetricsView,
  hostMetricSeriesSchema,
  type ServerMetricsQuery,
} from '@berth/contracts';
import { HostEntity, readHostUsage } from '@berth/database';
import { hostMetricsRange } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, Not } from 'typeorm';
import { findByReference } from '../http/reference';
import { isoTime } from '../http/time';

const NAMES = Object.keys(hostMetricSeriesSchema.shape) as (keyof HostMetricSeries)[];

/** How full hosts were: rows that the sampler writes beside its servers' samples. */
@Injectable()
export class HostMetricsService {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async get(reference: string, query: ServerMetricsQuery): Promise<{ metrics: HostMetricsView }> {
    const em = this.dataSource.manager;
    const { id } = await findByReference(em, HostEntity, 'host', reference, {
      state: Not('removed' as const),
    });
    const range = hostMetricsRange(query, Math.floor(Date.now() / 1000));
    const found = new Map((await readHostUsage(em, id, range)).map((one) => [one.t, one]));
    const times = Array.from(
      { length: (range.to - range.from) / range.step },
      (_, i) => range.from + i * range.step,
    );
    const series = Object.fromEntries(
      NAMES.map((name) => [name, times.map((t) => [t, rounded(found.get(t)?.[name])])]),
    ) as HostMetricSeries;
    const time = (seconds: number) => isoTime(new Date(seconds * 1000));
    return { metrics: { from: time(range.from), to: time(range.to), step: range.step, series } };
  }
}

const rounded = (value: number | undefined) => (value === undefined ? null : Math.round(value * 1000) / 1000);
