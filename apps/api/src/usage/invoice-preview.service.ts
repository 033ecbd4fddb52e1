import type { InvoiceLineView, InvoicePreviewQuery, InvoicePreviewView } from '@berth/contracts';
import {
  billedTimes,
  meteredTo,
  PlanEntity,
  sentTraffic,
  ServerEntity,
  TenantEntity,
  type BilledTimeRow,
} from '@berth/database';
import { rateMonth, totalsOf, type InvoiceLine, type RatedTime } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { tenantOf } from '../auth/tenant-scope';
import { findByReference } from '../http/reference';
import type { RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { monthOf } from './usage-range';

interface Names {
  servers: Map<string, string>;
  plans: Map<string, string>;
}

/** What a month costs, as far as its hours are closed: the same rules and records as an invoice's. */
@Injectable()
export class InvoicePreviewService {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** All that is read is of one moment: an hour that is closed meanwhile is in all of it or in none. */
  preview({ caller }: RequestContext, query: InvoicePreviewQuery): Promise<InvoicePreviewView> {
    const from = query.month ? new Date(`${query.month}-01T00:00:00Z`) : monthOf(new Date());
    return this.dataSource.transaction('REPEATABLE READ', async (em) => {
      const tenant = await findByReference(em, TenantEntity, 'tenant', tenantOf(caller, query.tenant_id), {});
      return this.ofMonth(em, tenant.id, from, monthOf(from, 1));
    });
  }

  private async ofMonth(
    em: EntityManager,
    tenantId: string,
    from: Date,
    to: Date,
  ): Promise<InvoicePreviewView> {
    const closedTo = await meteredTo(em);
    const times = await billedTimes(em, tenantId, from, to);
    const traffic = await sentTraffic(em, tenantId, from, to);
    const lines = rateMonth(
      times.flatMap(ratedTime),
      traffic.map(({ server_id, bytes, records }) => ({
        serverId: server_id,
        bytes: BigInt(bytes),
        records,
      })),
    );
    const names = await namesOf(em, lines);
    return {
      tenant_id: tenantId,
      month: from.toISOString().slice(0, 7),
      from: isoTime(from),
      to: isoTime(to),
      complete: closedTo >= to,
      metered_to: isoTime(closedTo),
      lines: lines.map((line) => lineView(line, names)),
      totals: totalsOf(lines).map(({ currency, amountMicros }) => ({
        currency,
        amount_micros: Number(amountMicros),
      })),
      unpriced_records: times.reduce((count, { price, records }) => count + (price ? 0 : records), 0),
    };
  }
}

function ratedTime({ server_id, plan_id, price, ms, records }: BilledTimeRow): RatedTime[] {
  return price ? [{ serverId: server_id, planId: plan_id, price, ms: BigInt(ms), records }] : [];
}

async function namesOf(em: EntityManager, lines: readonly InvoiceLine[]): Promise<Names> {
  const read = async (entity: typeof ServerEntity | typeof PlanEntity, ids: (string | null)[]) => {
    const found = await em.find<ServerEntity | PlanEntity>(entity, {
      where: { id: In([...new Set(ids.filter((id) => id !== null))]) },
      select: { id: true, name: true },
    });
    return new Map(found.map(({ id, name }) => [id, name]));
  };
  return {
    servers: await read(
      ServerEntity,
      lines.map(({ serverId }) => serverId),
    ),
    plans: await read(
      PlanEntity,
      lines.map(({ planId }) => planId),
    ),
  };
}

function lineView(line: InvoiceLine, names: Names): InvoiceLineView {
  const isTime = line.kind === 'server_time';
  return {
    kind: line.kind,
    server_id: line.serverId,
    server_name: names.servers.get(line.serverId) ?? line.serverId,
    plan_id: line.planId,
    plan_name: line.planId && (names.plans.get(line.planId) ?? line.planId),
    currency: line.currency,
    amount_micros: Number(line.amountMicros),
    capped: isTime && line.capped,
    quantity: String(isTime ? line.ms : line.bytes),
    unit: isTime ? 'ms' : 'byte',
    records: line.records,
    included_quantity: isTime ? null : String(line.includedBytes),
    prices: line.prices,
  };
}
