import type { Price } from '@berth/contracts';
import type { DataSource } from 'typeorm';

const HOUR = 3_600_000;
const FROM = Date.parse('2025-03-01T00:00:00Z');

/** The moment that begins the hour of March 2025 (UTC), counted from 0. */
export const hourOf = (hour: number): Date => new Date(FROM + hour * HOUR);

/** A record, as far as a test cares. */
export interface WrittenRecord {
  tenantId: string;
  serverId: string;
  meter: string;
  hour: number;
  planId: string | null;
  quantity: number | bigint;
  incomplete?: boolean;
}

/** Writes records as if metering had; `correction`: as that one of the same records. */
export async function writeRecords(
  dataSource: DataSource,
  records: readonly WrittenRecord[],
  correction?: number,
): Promise<void> {
  const rows = records.map(({ tenantId, serverId, meter, hour, planId, quantity, incomplete }) => {
    const base = [tenantId, serverId, meter, hourOf(hour).toISOString(), ...(planId ? [planId] : [])].join(
      '/',
    );
    return {
      id: correction === undefined ? base : `${base}#${correction}`,
      tenant_id: tenantId,
      server_id: serverId,
      meter,
      window_start: hourOf(hour),
      window_end: hourOf(hour + 1),
      plan_id: planId,
      quantity: String(quantity),
      unit: meter.endsWith('_time') ? 'ms' : 'byte',
      incomplete: incomplete ?? false,
      corrects: correction === undefined ? null : base,
    };
  });
  await dataSource.query(
    `INSERT INTO usage_records (id, tenant_id, server_id, meter, window_start, window_end, plan_id, quantity, unit, incomplete, corrects)
     SELECT id, tenant_id, server_id, meter, window_start, window_end, plan_id, quantity, unit, incomplete, corrects
       FROM jsonb_populate_recordset(NULL::usage_records, $1)`,
    [JSON.stringify(rows)],
  );
}

/** The plan's price from an hour on. */
export async function setPrice(
  dataSource: DataSource,
  planId: string,
  hour: number,
  price: Price | null,
): Promise<void> {
  await dataSource.query('INSERT INTO plan_prices VALUES ($1, $2, $3)', [
    planId,
    hourOf(hour),
    price && JSON.stringify(price),
  ]);
}
