import { UsageExportEntity, UsageExportRejectEntity } from '@berth/database';
import { eventually } from '@berth/testing';
import { ExportBench, INSERT_RECORD, START, TOKEN } from './testing/export-bench';
import { FakeSink, type SinkRequest } from './testing/fake-sink';

jest.setTimeout(120_000);

let usage: ExportBench;

beforeEach(async () => {
  usage = await ExportBench.open();
});
afterEach(() => usage.close());

async function freePort(): Promise<number> {
  const held = await FakeSink.open();
  const { port } = new URL(held.url);
  await held.close();
  return Number(port);
}

const cloudEvents = ({ body }: SinkRequest) => JSON.parse(body) as Record<string, unknown>[];
const idsOf = (request: SinkRequest) => cloudEvents(request).map(({ id }) => id);
it('sends nothing where no sink is switched on', async () => {
  await usage.record();
  await usage.bench.worker();
  await usage.bench.worker({ config: { usageExport: { sinks: [], since: null, intervalMs: 100 } } });
  expect(await usage.db.count(UsageExportEntity)).toBe(0);
});

describe('OpenMeter', () => {
  it('gets CloudEvents in batches, in the order of the records, once', async () => {
    const other = await usage.bench.world({ cidr: '10.201.0.0/24' });
    const ids = await usage.several(149);
    ids.push(
      await usage.record({ tenantId: other.tenant.id, quantity: '98765432109876543210', unit: 'byte_ms' }),
    );
    const first = await usage.worker('openmeter');
    await usage.caughtUp('openmeter');
    await first.stop();
    await usage.worker('openmeter');
    const later = await usage.record();
    await usage.caughtUp('openmeter');
    expect(usage.sink.requests.map((request) => cloudEvents(request).length)).toEqual([100, 50, 1]);
    expect(usage.sink.requests.flatMap(idsOf)).toEqual([...ids, later]);
    const { path, headers } = usage.sink.requests[0]!;
    expect(path).toBe('/api/v1/events');
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/cloudevents-batch+json',
    });
    expect(cloudEvents(usage.sink.requests[0]!)[0]).toMatchObject({
      specversion: '1.0',
      source: 'berth',
      type: 'berth.running_time',
      subject: 'cus_42',
      time: '2026-03-31T23:00:00.000Z',
      data: { quantity: '3600000', unit: 'ms', incomplete: false, window_end: '2026-04-01T00:00:00.000Z' },
    });
    // A tenant without an external_id goes by its id; no digit is lost.
    expect(cloudEvents(usage.sink.requests[1]!)[49]).toMatchObject({
      subject: other.tenant.id,
      data: { quantity: '98765432109876543210' },
    });
  });

  it('leaves out what was used before a given time', async () => {
    await usage.record({ start: new Date(+START - 3_600_000) });
    const counted = await usage.record();
    await usage.worker('openmeter', { since: START });
    await usage.caughtUp('openmeter');
    expect(usage.sink.requests.flatMap(idsOf)).toEqual([counted]);
  });

  it('gets the same ids again where a worker lost the answer, and nothing is left out', async () => {
    const ids = await usage.several(30);
    let cut = 0;
    usage.sink.answer = () => (cut++ < 2 ? undefined : { status: 204 });
    await usage.worker('openmeter');
    await usage.caughtUp('openmeter');
    expect(usage.sink.requests.map(idsOf)).toEqual([ids, ids, ids]);
    expect(await usage.progress('openmeter')).toMatchObject({ failures: 0, lastError: null });
  });

  it('is told by another worker when one dies in the middle', async () => {
    const ids = await usage.several(130);
    // The first one has sent a batch, and never hears that it was taken.
    let release = (_: undefined): void => undefined;
    usage.sink.answer = () => new Promise((resolve) => (release = resolve));
    const dying = await usage.worker('openmeter');
    await eventually('its first batch', () => usage.sink.requests.length === 1);
    const { claim } = (await usage.progress('openmeter'))!;
    // As when its lease is over.
    await usage.db.query(`UPDATE usage_exports SET claimed_until = '-infinity'`);
    usage.sink.answer = () => ({ status: 204 });
    await usage.worker('openmeter');
    await usage.caughtUp('openmeter');
    release(undefined);
    await dying.stop();
    expect((await usage.progress('openmeter'))!.claim).toBeGreaterThan(claim);
    expect(idsOf(usage.sink.requests[0]!)).toEqual(ids.slice(0, 100));
    expect(usage.sink.requests.slice(1).flatMap(idsOf)).toEqual(ids);
  });

  it('is told by one worker at a time', async () => {
    const ids = await usage.several(350);
    await Promise.all([usage.worker('openmeter'), usage.worker('openmeter'), usage.worker('openmeter')]);
    await usage.caughtUp('openmeter');
    expect(usage.sink.requests.flatMap(idsOf)).toEqual(ids);
  });

  it('misses no record that is committed after one with a higher number', async () => {
    const { dataSource } = usage.bench.database;
    const slow = dataSource.createQueryRunner();
    await slow.startTransaction();
    const early = usage.valuesOf({});
    await slow.query(INSERT_RECORD, early);
    const late = await usage.record();
    await usage.worker('openmeter');
    // It waits for the one under way, and sends nothing meanwhile.
    await eventually('the exporter to wait', async () => {
      const waiting: unknown[] = await dataSource.query(
        `SELECT 1 FROM pg_locks WHERE relation = 'usage_records'::regclass AND mode = 'ShareLock' AND NOT granted`,
      );
      return waiting.length > 0;
    });
    expect(usage.sink.requests).toEqual([]);
    await slow.commitTransaction();
    await slow.release();
    await usage.caughtUp('openmeter');
    expect(usage.sink.requests.flatMap(idsOf)).toEqual([early[0], late]);
  });

  it('that is down, or refuses the token, is waited for, and its own word on how long', async () => {
    const ids = await usage.several(3);
    const answers = [{ status: 503 }, { status: 401, body: `no such token: ${TOKEN}` }];
    usage.sink.answer = () =>
      answers.shift() ?? { status: 429, headers: { 'retry-after': '3600' }, body: 'slow down' };
    await usage.worker('openmeter');
    const state = await eventually('the refusals', async () => {
      const now = await usage.progress('openmeter');
      return now?.failures === 3 && now;
    });
    expect(state).toMatchObject({ seq: 0, lastError: `${usage.sink.url} answered 429: slow down` });
    const [{ wait }]: [{ wait: number }] = await usage.db.query(
      'SELECT extract(epoch FROM due_at - now())::int AS wait FROM usage_exports',
    );
    // At most 10 minutes.
    expect(wait).toBeGreaterThan(500);
    expect(wait).toBeLessThanOrEqual(600);
    usage.sink.answer = () => ({ status: 204 });
    await usage.db.query('UPDATE usage_exports SET due_at = now()');
    await usage.caughtUp('openmeter');
    expect(idsOf(usage.sink.requests.at(-1)!)).toEqual(ids);
    expect(await usage.db.count(UsageExportRejectEntity)).toBe(0);
  });

  it('sets the one record aside that is refused, sends the others, and that one again when it is told to', async () => {
    const ids = await usage.several(40);
    const bad = ids[17]!;
    usage.sink.answer = (request) =>
      idsOf(request).includes(bad) ? { status: 400, body: `bad ${TOKEN}` } : { status: 204 };
    const healthPort = await freePort();
    await usage.worker('openmeter', { healthPort });
    await usage.caughtUp('openmeter');
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
    const taken = usage.sink.requests.filter((request) => !idsOf(request).includes(bad)).flatMap(idsOf);
    expect(taken).toEqual(ids.filter((id) => id !== bad));
    // Halved, not tried one by one.
    expect(usage.sink.requests.length).toBeLessThan(20);
    const aside = { sink: 'openmeter', recordId: bad };
    expect(await usage.db.find(UsageExportRejectEntity)).toEqual([
      { ...aside, retry: false, error: `${usage.sink.url} answered 400: bad [token]` },
    ]);
    await usage.db.update(UsageExportRejectEntity, aside, { retry: true });
    await eventually('another refusal', async () => {
      const [found] = await usage.db.findBy(UsageExportRejectEntity, aside);
      return found?.retry === false;
    });
    usage.sink.answer = () => ({ status: 204 });
    await usage.db.update(UsageExportRejectEntity, aside, { retry: true });
    await eventually('it to be taken', async () => (await usage.db.count(UsageExportRejectEntity)) === 0);
    expect(idsOf(usage.sink.requests.at(-1)!)).toEqual([bad]);
  });
});
