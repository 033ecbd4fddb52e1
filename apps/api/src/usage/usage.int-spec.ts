import type { InvoicePreviewView, Price, UsageRow } from '@berth/contracts';
import { newId, ServerEntity, TenantEntity } from '@berth/database';
import { beginMeteringAt, orderServer } from '@berth/testing';
import { noQuota } from '../tenants/tenant-quota';
import { startTestApi, type TestApi } from '../testing/test-api';
import { hourOf, setPrice, writeRecords, type WrittenRecord } from './testing/write-records';

const HOUR = 3_600_000;

let api: TestApi;
let server: ServerEntity;
const em = () => api.database.dataSource.manager;

type Written = Partial<WrittenRecord> & Pick<WrittenRecord, 'hour' | 'quantity'>;

const write = (records: Written[], correction?: number) => {
  const given = { tenantId: api.world.tenant.id, serverId: server.id, meter: 'running_time' };
  const all = records.map((record) => ({ planId: api.world.plan.id, ...given, ...record }));
  return writeRecords(api.database.dataSource, all, correction);
};
const makeTenant = async () => {
  const tenant = em().create(TenantEntity, {
    id: newId(),
    name: 'other',
    externalId: null,
    status: 'active',
    ...noQuota,
  });
  return em().save(tenant);
};
const get = async (path: string, token = api.tokens.billing) => {
  const { status, body } = await api.request('GET', path, { token });
  expect([path, status, body.error]).toEqual([path, 200, undefined]);
  return body;
};
const price: Price = {
  currency: 'EUR',
  hourly_micros: 3001,
  monthly_cap_micros: 2_000_000,
  included_traffic_bytes: 1000,
  overage_micros_per_gib: 2 ** 30,
};

beforeEach(async () => {
  api = await startTestApi();
  await beginMeteringAt(api.database.dataSource, hourOf(31 * 24));
  server = (await orderServer(api.database.dataSource, api.world, { name: 'web' })).server;
});
afterEach(() => api.close());

const RANGE = 'from=2025-03-01T00:00:00Z&to=2025-04-01T00:00:00Z';

describe('GET /v1/usage', () => {
  it('sums by what is asked for, corrections with the rest, beyond what a number holds', async () => {
    const big = 2n ** 63n;
    await write([
      { hour: 0, quantity: HOUR },
      { hour: 23, quantity: HOUR },
      { hour: 24, quantity: HOUR },
      { hour: 0, meter: 'traffic_out', planId: null, quantity: big, incomplete: true },
      { hour: 1, meter: 'traffic_out', planId: null, quantity: 1 },
    ]);
    await write([{ hour: 23, quantity: -1000 }], 1);
    const tenant_id = null;
    const rest = { tenant_id, server_id: null, day: null };
    expect((await get(`/v1/usage?${RANGE}`)).usage).toEqual([
      {
        meter: 'running_time',
        unit: 'ms',
        quantity: `${3 * HOUR - 1000}`,
        records: 4,
        incomplete: false,
        ...rest,
      },
      { meter: 'traffic_out', unit: 'byte', quantity: `${big + 1n}`, records: 2, incomplete: true, ...rest },
    ]);
    const days: UsageRow[] = (await get(`/v1/usage?${RANGE}&group_by=day,server&meter=running_time`)).usage;
    expect(days.map(({ day, server_id, quantity }) => [day, server_id, Number(quantity)])).toEqual([
      ['2025-03-01', server.id, 2 * HOUR - 1000],
      ['2025-03-02', server.id, HOUR],
    ]);
    const part = await get('/v1/usage?from=2025-03-01T00:00:00Z&to=2025-03-01T23:59:59Z&meter=running_time');
    expect(part.usage).toMatchObject([{ quantity: String(HOUR) }]);
    expect(part.metered_to).toBe('2025-04-01T00:00:00.000Z');
  });

  it('gives pages, and how many there are, also beyond the last', async () => {
    await write(Array.from({ length: 30 }, (_, day) => ({ hour: 24 * day, quantity: HOUR })));
    const first = await get(`/v1/usage?${RANGE}&group_by=day&per_page=20`);
    const second = await get(`/v1/usage?${RANGE}&group_by=day&per_page=20&page=2`);
    const days = [...first.usage, ...second.usage].map(({ day }: UsageRow) => day);
    expect([new Set(days).size, days]).toEqual([30, [...days].sort()]);
    const beyond = await get(`/v1/usage?${RANGE}&group_by=day&per_page=20&page=3`);
    expect([beyond.usage, beyond.meta.pagination.total_entries]).toEqual([[], 30]);
  });

  it("shows a customer its own only, servers that are gone among them; another's server is not there", async () => {
    const other = await makeTenant();
    await write([
      { hour: 0, quantity: 1 },
      { hour: 0, quantity: 2, tenantId: other.id, serverId: newId() },
    ]);
    await em().update(ServerEntity, { id: server.id }, { status: 'deleted', deletedAt: new Date() });
    const own = await get(`/v1/usage?${RANGE}&group_by=tenant`, api.tokens.customer);
    expect(own.usage.map((row: UsageRow) => [row.tenant_id, row.quantity])).toEqual([
      [api.world.tenant.id, '1'],
    ]);
    expect((await get(`/v1/usage?${RANGE}&server_id=${server.id}`, api.tokens.customer)).usage).toHaveLength(
      1,
    );
    expect((await get(`/v1/usage?${RANGE}`)).usage).toMatchObject([{ quantity: '3' }]);
    const stranger = await api.makeToken('customer', other.id);
    const refused = await api.request('GET', `/v1/usage?${RANGE}&server_id=${server.id}`, {
      token: stranger,
    });
    expect([refused.status, refused.body.error.code]).toEqual([404, 'not_found']);
  });

  it.each([
    'from=2025-03-02T00:00:00Z&to=2025-03-01T00:00:00Z',
    'from=2020-03-02T00:00:00Z&to=2025-03-01T00:00:00Z',
    'from=yesterday',
    'meter=electricity',
    'group_by=colour',
    'group_by=',
    'sort=meter',
    'server_id=web',
  ])('?%s is refused', async (query) => {
    const { status, body } = await api.request('GET', `/v1/usage?${query}`);
    expect([status, body.error.code]).toEqual([400, 'invalid_input']);
  });
});

describe('GET /v1/usage.csv', () => {
  it('streams every record once, in the order of writing, over many pages', async () => {
    const count = 4500;
    await write(Array.from({ length: count }, (_, i) => ({ hour: i % 720, serverId: newId(), quantity: i })));
    await write([{ hour: 1000, quantity: 7 }]);
    const answer = await api.request('GET', `/v1/usage.csv?${RANGE}`, { token: api.tokens.billing });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
    ]);
    const lines = (answer.body as string).split('\r\n');
    expect(lines[0]).toBe(
      'id,seq,tenant_id,server_id,meter,window_start,window_end,plan_id,quantity,unit,incomplete,corrects,created_at',
    );
    expect(lines.at(-1)).toBe('');
    expect(lines.slice(1, -1).map((line) => Number(line.split(',')[8]))).toEqual(
      Array.from({ length: count }, (_, i) => i),
    );
  });

  it('is a header where there is nothing, and an error before it begins', async () => {
    const token = api.tokens.operator;
    const empty = await api.request('GET', `/v1/usage.csv?${RANGE}`, { token });
    expect((empty.body as string).split('\r\n')).toHaveLength(2);
    const refused = await api.request('GET', '/v1/usage.csv?from=never', { token });
    expect([refused.status, refused.body.error.code]).toEqual([400, 'invalid_input']);
    expect((await api.request('GET', '/v1/usage.csv')).status).toBe(403);
  });
});

describe('GET /v1/invoice_preview', () => {
  const preview = async (query = 'month=2025-03', token = api.tokens.customer): Promise<InvoicePreviewView> =>
    (await get(`/v1/invoice_preview?${query}`, token)).invoice_preview;

  it('has a line a server and plan, overage, and what it adds up to', async () => {
    await setPrice(api.database.dataSource, api.world.plan.id, 0, price);
    await write([
      { hour: 0, quantity: HOUR },
      { hour: 0, meter: 'creating_time', quantity: HOUR },
      { hour: 1, meter: 'stopped_time', quantity: HOUR / 2 },
      { hour: 1, meter: 'traffic_out', planId: null, quantity: 1003 },
    ]);
    const invoice = await preview();
    expect(invoice).toMatchObject({
      month: '2025-03',
      complete: true,
      totals: [{ currency: 'EUR', amount_micros: 4505 }],
      unpriced_records: 0,
    });
    expect(invoice.lines).toMatchObject([
      {
        kind: 'server_time',
        server_name: 'web',
        plan_name: api.world.plan.name,
        amount_micros: 4502,
        quantity: String(1.5 * HOUR),
        records: 2,
        prices: [price],
      },
      {
        kind: 'traffic_overage',
        plan_id: null,
        amount_micros: 3,
        quantity: '1003',
        included_quantity: '1000',
      },
    ]);
  });

  it('keeps what was closed at the price of then', async () => {
    const operator = api.tokens.operator;
    const body = { name: 'priced', limits: api.world.plan.limits, price };
    const made = await api.request('POST', '/v1/plans', { token: operator, body });
    expect([made.status, made.body.plan.price]).toEqual([201, price]);
    const id = made.body.plan.id;
    const prices = () =>
      em().query('SELECT valid_from, price FROM plan_prices WHERE plan_id = $1 ORDER BY valid_from', [id]);
    // Of this hour, as it is the first; those that are set later of the next, whichever is the last.
    const [first] = await prices();
    expect(+first.valid_from % HOUR).toBe(0);
    for (const hourly_micros of [1, 2]) {
      const change = { price: { ...price, hourly_micros } };
      const patched = await api.request('PATCH', '/v1/plans/priced', { token: operator, body: change });
      expect(patched.body.plan.price).toEqual(change.price);
    }
    const all = await prices();
    expect(all[0]).toEqual(first);
    expect(all.at(-1)).toMatchObject({ price: { hourly_micros: 2 } });
    expect(+all[1].valid_from - +first.valid_from).toBeGreaterThanOrEqual(HOUR);
    await setPrice(api.database.dataSource, api.world.plan.id, 0, price);
    await setPrice(api.database.dataSource, api.world.plan.id, 1, { ...price, hourly_micros: 1 });
    await setPrice(api.database.dataSource, api.world.plan.id, 2, null);
    await write([0, 1, 2].map((hour) => ({ hour, quantity: HOUR })));
    expect(await preview()).toMatchObject({ totals: [{ amount_micros: 3002 }], unpriced_records: 1 });
  });

  it('says that a month is not complete while hours of it are open', async () => {
    await beginMeteringAt(api.database.dataSource, hourOf(31 * 24 - 1));
    expect((await preview()).complete).toBe(false);
    const now = await preview('');
    expect([now.month, now.complete]).toEqual([new Date().toISOString().slice(0, 7), false]);
  });

  it('is of a tenant that is there, and of a month', async () => {
    const token = api.tokens.billing;
    const ask = async (query: string) =>
      (await api.request('GET', `/v1/invoice_preview?${query}`, { token })).body.error.code;
    expect(await ask('')).toBe('invalid_input');
    expect(await ask(`tenant_id=${newId()}`)).toBe('not_found');
    expect(await ask(`tenant_id=${api.world.tenant.id}&month=2025-13`)).toBe('invalid_input');
  });
});
