import type { InvoicePreviewView, Price } from '@berth/contracts';
import { newId, PlanEntity } from '@berth/database';
import { startTestApi, type TestApi } from '../testing/test-api';
import { setPrice, writeRecords, type WrittenRecord } from './testing/write-records';

const HOUR = 3_600_000;

let api: TestApi;
const em = () => api.database.dataSource.manager;

beforeEach(async () => (api = await startTestApi()));
afterEach(() => api.close());

/** Numbers from a seed: a failure can be run again. */
const random = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return Math.floor((seed / 0x80000000) * below);
};

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'adds up to the records to the last unit, in random month %i',
  async (seed) => {
    const pick = random(seed * 7919);
    const plans = await Promise.all(
      [0, 1, 2].map((i) =>
        em().save(
          em().create(PlanEntity, {
            ...api.world.plan,
            id: newId(),
            name: `p${i}`,
            price: null,
            deletedAt: null,
          }),
        ),
      ),
    );
    const starts = new Map<string, { hour: number; price: Price | null }[]>();
    for (const plan of plans) {
      const hours = [0, ...new Set([1 + pick(300), 1 + pick(700)])].sort((a, b) => a - b);
      const own = hours.map((hour) => ({
        hour,
        price:
          pick(6) === 0
            ? null
            : {
                currency: pick(8) === 0 ? 'USD' : 'EUR',
                hourly_micros: pick(10_000),
                monthly_cap_micros: pick(3) === 0 ? null : pick(2_000_000),
                included_traffic_bytes: pick(1_000_000_000),
                overage_micros_per_gib: pick(1_000_000),
              },
      }));
      for (const { hour, price: set } of own) await setPrice(api.database.dataSource, plan.id, hour, set);
      starts.set(plan.id, own);
    }
    const records: WrittenRecord[] = [];
    const tenantId = api.world.tenant.id;
    for (let i = 0; i < 12; i++) {
      const serverId = newId();
      let planId = plans[pick(3)]!.id;
      for (let hour = pick(500), end = hour + pick(744 - hour); hour < end; hour++) {
        if (pick(100) === 0) planId = plans[pick(3)]!.id;
        const meter = (['running_time', 'stopped_time', 'suspended_time', 'creating_time'] as const)[
          pick(4)
        ]!;
        records.push({ tenantId, serverId, planId, meter, hour, quantity: 1 + pick(HOUR) });
        if (pick(3) > 0)
          records.push({
            tenantId,
            serverId,
            planId: null,
            meter: 'traffic_out',
            hour,
            quantity: pick(50_000_000),
          });
      }
    }
    const fixes = records
      .filter(({ quantity }) => Number(quantity) > 2 && pick(20) === 0)
      .map((record) => ({
        ...record,
        quantity: pick(Number(record.quantity)) - Math.floor(Number(record.quantity) / 2),
      }));
    await writeRecords(api.database.dataSource, records);
    await writeRecords(api.database.dataSource, fixes, 1);
    const told = [...records, ...fixes];
    const priceAt = (planId: string, hour: number) =>
      starts
        .get(planId)!
        .filter((one) => one.hour <= hour)
        .at(-1)!.price;
    const answer = await api.request('GET', '/v1/invoice_preview?month=2025-03');
    const invoice: InvoicePreviewView = answer.body.invoice_preview;

    // Each line is what its records say, and each priced record is in one line.
    const isTime = ({ meter }: WrittenRecord) => meter.endsWith('_time') && meter !== 'creating_time';
    const priced = told.filter((record) => isTime(record) && priceAt(record.planId!, record.hour) !== null);
    for (const line of invoice.lines.filter(({ kind }) => kind === 'server_time')) {
      const own = priced.filter(
        (record) =>
          record.serverId === line.server_id &&
          record.planId === line.plan_id &&
          priceAt(record.planId!, record.hour)!.currency === line.currency,
      );
      let exact = 0n; // micro-units times ms of an hour
      let cap: number | null = 0;
      for (const { planId, hour, quantity } of own) {
        const then = priceAt(planId!, hour)!;
        exact += BigInt(quantity) * BigInt(then.hourly_micros);
        cap =
          cap === null || then.monthly_cap_micros === null ? null : Math.max(cap, then.monthly_cap_micros);
      }
      const [whole, rest] = [exact / BigInt(HOUR), exact % BigInt(HOUR)];
      const rounded = Number(rest * 2n >= BigInt(HOUR) ? whole + 1n : whole);
      expect(line).toMatchObject({
        amount_micros: cap === null ? rounded : Math.min(cap, rounded),
        records: own.length,
        quantity: String(own.reduce((ms, record) => ms + Number(record.quantity), 0)),
      });
    }
    const counted = (kind: string) =>
      invoice.lines.filter((line) => line.kind === kind).reduce((count, { records: n }) => count + n, 0);
    expect(counted('server_time')).toBe(priced.length);
    expect(invoice.unpriced_records).toBe(told.filter(isTime).length - priced.length);

    // What was sent beyond the included, by the time at each price.
    for (const serverId of new Set(priced.map((record) => record.serverId))) {
      const own = priced.filter((record) => record.serverId === serverId);
      const ms = (currency: string) =>
        own
          .filter((record) => priceAt(record.planId!, record.hour)!.currency === currency)
          .reduce((sum, record) => sum + BigInt(record.quantity), 0n);
      const currency = ms('USD') > ms('EUR') ? 'USD' : 'EUR';
      let [time, included, rate] = [0n, 0n, 0n];
      for (const { planId, hour, quantity } of own) {
        const then = priceAt(planId!, hour)!;
        if (then.currency !== currency) continue;
        time += BigInt(quantity);
        included += BigInt(quantity) * BigInt(then.included_traffic_bytes);
        rate += BigInt(quantity) * BigInt(then.overage_micros_per_gib);
      }
      const sent = told.filter((record) => record.serverId === serverId && record.meter === 'traffic_out');
      const bytes = sent.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
      const over = bytes - included / time;
      const line = invoice.lines.find((one) => one.kind === 'traffic_overage' && one.server_id === serverId);
      if (over <= 0n) expect(line).toBeUndefined();
      else {
        const [amount, base] = [over * rate, time * 2n ** 30n];
        const expected = Number(amount / base + ((amount % base) * 2n >= base ? 1n : 0n));
        expect(line).toMatchObject({ currency, amount_micros: expected, records: sent.length });
      }
    }
    for (const { currency, amount_micros } of invoice.totals) {
      const own = invoice.lines.filter((line) => line.currency === currency);
      expect(amount_micros).toBe(own.reduce((sum, line) => sum + line.amount_micros, 0));
    }
    expect(new Set(invoice.totals.map(({ currency }) => currency))).toEqual(
      new Set(invoice.lines.map(({ currency }) => currency)),
    );
    expect(invoice.lines.length).toBeGreaterThan(12);
  },
);
