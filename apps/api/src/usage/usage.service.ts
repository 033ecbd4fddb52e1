import type { UsageAnswer, UsageQuery } from '@berth/contracts';
import { meteredTo, sumUsage } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { paginationOf } from '../http/list';
import type { RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { usageFilter } from './usage-range';

@Injectable()
export class UsageService {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async sums({ caller }: RequestContext, query: UsageQuery): Promise<UsageAnswer> {
    const em = this.dataSource.manager;
    const filter = await usageFilter(em, caller, query);
    const { page, per_page: limit } = query;
    const { rows, total } = await sumUsage(em, filter, query.group_by, { limit, offset: (page - 1) * limit });
    return {
      usage: rows,
      from: isoTime(filter.from),
      to: isoTime(filter.to),
      metered_to: isoTime(await meteredTo(em)),
      tenant_id: filter.tenantId ?? null,
      meta: { pagination: paginationOf(page, limit, total) },
    };
  }
}
