import { TenantEntity, UsageExportEntity, UsageExportRejectEntity } from '@berth/database';
import type { UsageSinkName } from '@berth/config';
import { eventually, type World } from '@berth/testing';
import { randomUUID } from 'node:crypto';
import { openBench, type TestBench } from '../../testing/test-worker';
import type { RunningWorker } from '../../worker';
import { FakeSink, type SinkRequest } from './testing/fake-sink';

jest.setTimeout(120_000);

const TOKEN = 'sk_test_s3cret';
const START = new Date('2026-03-31T23:00:00Z');

let bench: TestBench;
let world: World;
let sink: FakeSink;
let records = 0;

beforeEach(async () => {
  bench = await openBench();
  world = await bench.world({ tenant: { externalId: 'cus_42' } });
  sink = await FakeSink.open();
});
afterEach(async () => {
  await bench.close();
  await sink.close();
});

const db = () => bench.database.dataSource.manager;
const progress = (name: UsageSinkName) => db().findOneBy(UsageExportEntity, { sink: name });

function worker(
  name: UsageSinkName,
  given: { since?: Date; healthPort?: number } = {},
): Promise<RunningWorker> {
  return bench.worker({
    config: {
      healthPort: given.healthPort ?? null,
      usageExport: {
        sinks: [{ name, url: sink.url, token: TOKEN }],
        since: given.since ?? null,
        intervalMs: 100,
      },
    },
  });
}

const INSERT = `
  INSERT INTO usage_records (id, tenant_id, server_id, meter, window_start, window_end, quantity, unit, incomplete)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false)`;

interface Given {
  id?: string;
  tenantId?: string;
  meter?: string;
  quantity?: string;
  unit?: string;
  start?: Date;
}

function valuesOf(given: Given): unknown[] {
  const start = given.start ?? START;
  return [
    given.id ?? `record-${records++}`,
    given.tenantId ?? world.tenant.id,
    randomUUID(),
    given.meter ?? 'running_time',
    start,
    new Date(+start + 3_600_000),
    given.quantity ?? '3600000',
    given.unit ?? 'ms',
  ];
}

async function record(given: Given = {}): Promise<string> {
  const values = valuesOf(given);
  await db().query(INSERT, values);
  return String(values[0]);
}

const several = async (count: number) => {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await record());
  return ids;
};

/** Waits until the sink has been told of everything. */
const caughtUp = (name: UsageSinkName) =>
  eventually(`${name} to be told of all`, async () => {
    const [{ seq }]: [{ seq: string }] = await db().query('SELECT max(seq) AS seq FROM usage_records');
    return (await progress(name))?.seq === Number(seq);
  });

async function freePort(): Promise<number> {
  const held = await FakeSink.open();
  const { port } = new URL(held.url);
  await held.close();
  return Number(port);
}

const cloudEvents = ({ body }: SinkRequest) => JSON.parse(body) as Record<string, unknown>[];
const idsOf = (request: SinkRequest) => cloudEvents(request).map(({ id }) => id);
const lagoEvents = ({ body }: SinkRequest) =>
  (JSON.parse(body) as { events: Record<string, unknown>[] }).events;

it('sends nothing where no sink is switched on', async () => {
  await record();
  await bench.worker();
  await bench.worker({ config: { usageExport: { sinks: [], since: null, intervalMs: 100 } } });
  expect(await db().count(UsageExportEntity)).toBe(0);
});

describe('OpenMeter', () => {
  it('gets CloudEvents in batches, in the order of the records, once', async () => {
    const other = await bench.world({ cidr: '10.201.0.0/24' });
    const ids = await several(149);
    ids.push(await record({ tenantId: other.tenant.id, quantity: '98765432109876543210', unit: 'byte_ms' }));
    const first = await worker('openmeter');
    await caughtUp('openmeter');
    await first.stop();
    await worker('openmeter');
    const later = await record();
    await caughtUp('openmeter');
    expect(sink.requests.map((request) => cloudEvents(request).length)).toEqual([100, 50, 1]);
    expect(sink.requests.flatMap(idsOf)).toEqual([...ids, later]);
    const { path, headers } = sink.requests[0]!;
    expect(path).toBe('/api/v1/events');
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/cloudevents-batch+json',
    });
    expect(cloudEvents(sink.requests[0]!)[0]).toMatchObject({
      specversion: '1.0',
      source: 'berth',
      type: 'berth.running_time',
      subject: 'cus_42',
      time: '2026-03-31T23:00:00.000Z',
      data: { quantity: '3600000', unit: 'ms', incomplete: false, window_end: '2026-04-01T00:00:00.000Z' },
    });
    // A tenant without an external_id goes by its id; no digit is lost.
    expect(cloudEvents(sink.requests[1]!)[49]).toMatchObject({
      subject: other.tenant.id,
      data: { quantity: '98765432109876543210' },
    });
  });

  it('leaves out what was used before a given time', async () => {
    await record({ start: new Date(+START - 3_600_000) });
    const counted = await record();
    await worker('openmeter', { since: START });
    await caughtUp('openmeter');
    expect(sink.requests.flatMap(idsOf)).toEqual([counted]);
  });

  it('gets the same ids again where a worker lost the answer, and nothing is left out', async () => {
    const ids = await several(30);
    let cut = 0;
    sink.answer = () => (cut++ < 2 ? undefined : { status: 204 });
    await worker('openmeter');
    await caughtUp('openmeter');
    expect(sink.requests.map(idsOf)).toEqual([ids, ids, ids]);
    expect(await progress('openmeter')).toMatchObject({ failures: 0, lastError: null });
  });

  it('is told by another worker when one dies in the middle', async () => {
    const ids = await several(130);
    // The first one has sent a batch, and never hears that it was taken.
    let release = (_: undefined): void => undefined;
    sink.answer = () => new Promise((resolve) => (release = resolve));
    const dying = await worker('openmeter');
    await eventually('its first batch', () => sink.requests.length === 1);
    const { claim } = (await progress('openmeter'))!;
    // As when its lease is over.
    await db().query(`UPDATE usage_exports SET claimed_until = '-infinity'`);
    sink.answer = () => ({ status: 204 });
    await worker('openmeter');
    await caughtUp('openmeter');
    release(undefined);
    await dying.stop();
    expect((await progress('openmeter'))!.claim).toBeGreaterThan(claim);
    expect(idsOf(sink.requests[0]!)).toEqual(ids.slice(0, 100));
    expect(sink.requests.slice(1).flatMap(idsOf)).toEqual(ids);
  });

  it('is told by one worker at a time', async () => {
    const ids = await several(350);
    await Promise.all([worker('openmeter'), worker('openmeter'), worker('openmeter')]);
    await caughtUp('openmeter');
    expect(sink.requests.flatMap(idsOf)).toEqual(ids);
  });

  it('misses no record that is committed after one with a higher number', async () => {
    const { dataSource } = bench.database;
    const slow = dataSource.createQueryRunner();
    await slow.startTransaction();
    const early = valuesOf({});
    await slow.query(INSERT, early);
    const late = await record();
    await worker('openmeter');
    // It waits for the one under way, and sends nothing meanwhile.
    await eventually('the exporter to wait', async () => {
      const waiting: unknown[] = await dataSource.query(
        `SELECT 1 FROM pg_locks WHERE relation = 'usage_records'::regclass AND mode = 'ShareLock' AND NOT granted`,
      );
      return waiting.length > 0;
    });
    expect(sink.requests).toEqual([]);
    await slow.commitTransaction();
    await slow.release();
    await caughtUp('openmeter');
    expect(sink.requests.flatMap(idsOf)).toEqual([early[0], late]);
  });

  it('that is down, or refuses the token, is waited for, and its own word on how long', async () => {
    const ids = await several(3);
    const answers = [{ status: 503 }, { status: 401, body: `no such token: ${TOKEN}` }];
    sink.answer = () =>
      answers.shift() ?? { status: 429, headers: { 'retry-after': '3600' }, body: 'slow down' };
    await worker('openmeter');
    const state = await eventually('the refusals', async () => {
      const now = await progress('openmeter');
      return now?.failures === 3 && now;
    });
    expect(state).toMatchObject({ seq: 0, lastError: `${sink.url} answered 429: slow down` });
    const [{ wait }]: [{ wait: number }] = await db().query(
      'SELECT extract(epoch FROM due_at - now())::int AS wait FROM usage_exports',
    );
    // At most 10 minutes.
    expect(wait).toBeGreaterThan(500);
    expect(wait).toBeLessThanOrEqual(600);
    sink.answer = () => ({ status: 204 });
    await db().query('UPDATE usage_exports SET due_at = now()');
    await caughtUp('openmeter');
    expect(idsOf(sink.requests.at(-1)!)).toEqual(ids);
    expect(await db().count(UsageExportRejectEntity)).toBe(0);
  });

  it('sets the one record aside that is refused, sends the others, and that one again when it is told to', async () => {
    const ids = await several(40);
    const bad = ids[17]!;
    sink.answer = (request) =>
      idsOf(request).includes(bad) ? { status: 400, body: `bad ${TOKEN}` } : { status: 204 };
    const healthPort = await freePort();
    await worker('openmeter', { healthPort });
    await caughtUp('openmeter');
    const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
    for (const [name, value] of [
      ['lag_records', 0],
      ['set_aside', 1],
      ['rejected_total', 1],
      ['sent_total', 39],
    ])
      expect(metrics).toMatch(
        new RegExp(`^berth_worker_usage_export_${name}\\{.*openmeter.*\\} ${value}$`, 'm'),
      );
    const taken = sink.requests.filter((request) => !idsOf(request).includes(bad)).flatMap(idsOf);
    expect(taken).toEqual(ids.filter((id) => id !== bad));
    // Halved, not tried one by one.
    expect(sink.requests.length).toBeLessThan(20);
    const aside = { sink: 'openmeter', recordId: bad };
    expect(await db().find(UsageExportRejectEntity)).toEqual([
      { ...aside, retry: false, error: `${sink.url} answered 400: bad [token]` },
    ]);
    await db().update(UsageExportRejectEntity, aside, { retry: true });
    await eventually('another refusal', async () => {
      const [found] = await db().findBy(UsageExportRejectEntity, aside);
      return found?.retry === false;
    });
    sink.answer = () => ({ status: 204 });
    await db().update(UsageExportRejectEntity, aside, { retry: true });
    await eventually('it to be taken', async () => (await db().count(UsageExportRejectEntity)) === 0);
    expect(idsOf(sink.requests.at(-1)!)).toEqual([bad]);
  });
});

describe('Lago', () => {
  it('gets batches of events, and what it has already is no failure', async () => {
    const ids = await several(4);
    const known = new Set([ids[0], ids[1]]);
    sink.answer = (request) => {
      const again = lagoEvents(request).findIndex(({ transaction_id: id }) => known.has(id as string));
      if (again === -1) return { status: 200 };
      const details = { [again]: { transaction_id: ['value_already_exist'] } };
      return {
        status: 422,
        body: JSON.stringify({ status: 422, code: 'validation_errors', error_details: details }),
      };
    };
    await worker('lago');
    await caughtUp('lago');
    const last = sink.requests.at(-1)!;
    expect(last.path).toBe('/api/v1/events/batch');
    expect(last.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
    });
    const taken = sink.requests
      .map(lagoEvents)
      .filter((events) => !events.some((one) => known.has(one.transaction_id as string)));
    expect(taken.flat().map((one) => one.transaction_id)).toEqual(ids.slice(2));
    expect(taken[0]![0]).toMatchObject({
      external_subscription_id: 'cus_42',
      code: 'running_time',
      timestamp: +START / 1000,
      properties: { quantity: '3600000', unit: 'ms', tenant_id: world.tenant.id },
    });
    expect(await db().count(UsageExportRejectEntity)).toBe(0);
  });

  it('refuses a metric that it does not have: the record is set aside', async () => {
    await record();
    sink.answer = () => ({ status: 422, body: '{"error_details":{"0":{"code":["metric_not_found"]}}}' });
    await worker('lago');
    await caughtUp('lago');
    expect(await db().find(UsageExportRejectEntity)).toMatchObject([
      { sink: 'lago', error: expect.stringContaining('metric_not_found') },
    ]);
  });
});

describe('Stripe', () => {
  const forms = () => sink.requests.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));

  it('gets an event a request, by keys that are always the same', async () => {
    const long = `${'x'.repeat(120)}`;
    const ids = [
      await record({ id: long }),
      await record({ meter: 'allocated_ram', unit: 'byte_ms', quantity: String(2n ** 30n * 3_600_000n) }),
      await record({ meter: 'cpu', unit: 'us', quantity: '0' }),
    ];
    let cut = true;
    sink.answer = () => {
      const answer = cut ? undefined : { status: 200 };
      cut = false;
      return answer;
    };
    await worker('stripe');
    await caughtUp('stripe');
    // The first of them twice: its answer was lost.
    const keys = sink.requests.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(2);
    expect(keys.length).toBeGreaterThanOrEqual(3);
    const ram = forms().find((form) => form.event_name === 'berth_allocated_ram');
    expect(ram).toEqual({
      identifier: ids[1],
      event_name: 'berth_allocated_ram',
      timestamp: String(+START / 1000),
      'payload[stripe_customer_id]': 'cus_42',
      // MiB-seconds.
      'payload[value]': String(1024 * 3600),
    });
    const time = forms().find((form) => form.event_name === 'berth_running_time')!;
    expect(time.identifier).toMatch(/^[0-9a-f]{64}$/);
    expect(time['payload[value]']).toBe('3600000');
    const { path, headers } = sink.requests.at(-1)!;
    expect(path).toBe('/v1/billing/meter_events');
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': expect.stringMatching(/^berth-/),
    });
  });

  it('never gets two events of one customer and meter at once', async () => {
    await several(10);
    let open = 0;
    let most = 0;
    sink.answer = async () => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return { status: 200 };
    };
    await worker('stripe');
    await caughtUp('stripe');
    expect(sink.requests).toHaveLength(10);
    expect(most).toBe(1);
  });

  it('says that it has an event already: that is no failure; a conflict is tried again', async () => {
    await record();
    const answers = [
      { status: 409, body: '{"error":{"message":"another event of this customer is being processed"}}' },
      { status: 400, body: '{"error":{"message":"An event already exists with identifier x."}}' },
    ];
    sink.answer = () => answers.shift() ?? { status: 500 };
    await worker('stripe');
    await caughtUp('stripe');
    expect(sink.requests).toHaveLength(2);
    expect(await db().count(UsageExportRejectEntity)).toBe(0);
  });

  it('is not asked about tenants that are none of its customers', async () => {
    const other = await bench.world({ cidr: '10.201.0.0/24' });
    const foreign = await record({ tenantId: other.tenant.id });
    await record();
    await worker('stripe');
    await caughtUp('stripe');
    expect(new Set(forms().map((form) => form['payload[stripe_customer_id]']))).toEqual(new Set(['cus_42']));
    const [aside] = await db().find(UsageExportRejectEntity);
    expect(aside).toMatchObject({
      recordId: foreign,
      error: expect.stringMatching(/must be the customer's id/),
    });
    await db().update(TenantEntity, { id: other.tenant.id }, { externalId: 'cus_43' });
    await db().update(UsageExportRejectEntity, { recordId: foreign }, { retry: true });
    await eventually('it to be taken', async () => (await db().count(UsageExportRejectEntity)) === 0);
    expect(forms().at(-1)).toMatchObject({ 'payload[stripe_customer_id]': 'cus_43' });
  });
});
