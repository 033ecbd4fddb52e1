import type { MetricSeries, ServerMetricsView } from '@berth/contracts';
import { ensureUsagePartitions, rollUpUsage, writeUsageSamples } from '@berth/database';
import { connectRedis, LiveUsageServer } from '@berth/jobs';
import { orderServer } from '@berth/testing';
import type { ServerEntity } from '@berth/database';
import type { Redis } from 'ioredis';
import { startTestApi, type TestApi } from '../testing/test-api';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let api: TestApi;
let server: ServerEntity;
const em = () => api.database.dataSource.manager;

/** A sample of a server that uses half a processor and 1 kB a second of everything. */
async function sample(when: number, seconds: number): Promise<void> {
  const sum = (perSecond: number): [number, number, null, null, number] => [
    perSecond * seconds,
    perSecond * seconds,
    null,
    null,
    0,
  ];
  await api.database.dataSource.transaction((tx) =>
    writeUsageSamples(
      tx,
      server.hostId,
      [
        {
          serverNumber: server.number,
          boot: 'b1',
          hostAt: when,
          counters: {
            cputime: sum(500_000),
            netin: sum(1000),
            netout: sum(2000),
            ioread: sum(3000),
            iowrite: sum(4000),
            physpages: [1000, 2000, 4096, 4096, 3],
            numproc: [5, 9, null, null, 0],
            diskspace: [1_000_000, 1_000_000, 5_000_000, 5_000_000, 0],
          },
        },
      ],
      new Date(when),
    ),
  );
}

beforeAll(async () => {
  api = await startTestApi();
  const now = Date.now();
  // As if metering had begun three days ago.
  await em().query(`UPDATE usage_progress SET rolled_up_to = $1, closed_to = $1, since = $1`, [
    new Date(Math.floor(now / HOUR) * HOUR - 72 * HOUR),
  ]);
  for (const days of [3, 0])
    await ensureUsagePartitions(api.database.dataSource, new Date(now - days * 24 * HOUR));
  const createdAt = new Date(now - 71 * HOUR);
  server = (
    await orderServer(api.database.dataSource, api.world, { name: 'meter', status: 'running', createdAt })
  ).server;
});
afterAll(() => api.close());

const metrics = async (query = ''): Promise<ServerMetricsView> => {
  const { status, body } = await api.request('GET', `/v1/servers/meter/metrics${query}`);
  expect([status, body.error]).toEqual([200, undefined]);
  return body.metrics;
};
const points = (series: MetricSeries, name: keyof MetricSeries) => series[name].filter(([, v]) => v !== null);

describe('GET /v1/servers/:id/beancounters', () => {
  const url = '/v1/servers/meter/beancounters';

  it('has nothing of a server that was never seen', async () => {
    const { status, body } = await api.request('GET', url);
    expect([status, body]).toEqual([200, { beancounters: [], at: null, live: false }]);
  });

  it('shows the last sample, and says so, where no worker answers', async () => {
    const when = Date.now() - 5 * MINUTE;
    await sample(when, 10);
    const began = Date.now();
    const { status, body } = await api.request('GET', url);
    expect(status).toBe(200);
    expect(Date.now() - began).toBeLessThan(6000);
    expect(body).toMatchObject({ at: new Date(when).toISOString(), live: false });
    expect(body.beancounters).toContainEqual({
      resource: 'physpages',
      unit: 'pages',
      held: 1000,
      maxheld: 2000,
      barrier: 4096,
      limit: 4096,
      failcnt: 3,
    });
    expect(body.beancounters).toContainEqual({
      resource: 'netin',
      unit: 'bytes',
      held: 10_000,
      maxheld: 10_000,
      barrier: null,
      limit: null,
      failcnt: 0,
    });
  });

  it('shows what a worker counts now, and the last sample where it can not', async () => {
    const connections: Redis[] = [];
    const connect = () => {
      connections.push(connectRedis(api.config.redisUrl, () => undefined));
      return connections.at(-1)!;
    };
    const counted = {
      resource: 'numproc',
      unit: 'count',
      held: 1,
      maxheld: 2,
      barrier: null,
      limit: 7,
      failcnt: 1,
    } as const;
    let isUp = true;
    const asked: string[] = [];
    const worker = new LiveUsageServer({
      redis: connect(),
      reader: connect(),
      prefix: api.config.queuePrefix,
      workerId: 'test',
      concurrency: 10,
      onError: () => undefined,
      count: (id) => {
        asked.push(id);
        if (!isUp) return Promise.reject(new Error('the host does not answer'));
        return Promise.resolve({ at: 1_700_000_000_123.5, beancounters: [counted] });
      },
    });
    worker.start();
    const live = await api.request('GET', url);
    expect(live.body).toEqual({ beancounters: [counted], at: '2023-11-14T22:13:20.123Z', live: true });
    expect(asked).toEqual([server.id]);
    isUp = false;
    const began = Date.now();
    const last = await api.request('GET', url);
    expect(last.body.live).toBe(false);
    expect(last.body.beancounters.length).toBeGreaterThan(5);
    expect(Date.now() - began).toBeLessThan(2000);
    for (const redis of connections) redis.disconnect();
    await worker.stop();
  });
});

describe('GET /v1/servers/:id/metrics', () => {
  const end = Math.floor(Date.now() / HOUR) * HOUR;

  beforeAll(async () => {
    // Of two days, each minute of which has a sample but for one hour's gap; the newest ones are of the hour under way.
    let seconds = 20;
    for (let minute = -50 * 60; minute < 0; minute++) {
      seconds += 60;
      if (minute >= -180 && minute < -120) continue;
      await sampleAt(end + minute * MINUTE, seconds);
    }
    await rollUpUsage(api.database.dataSource, new Date(end - HOUR));
  }, 120_000);

  /** Into the past of the sample of the first test. */
  async function sampleAt(when: number, seconds: number): Promise<void> {
    await em().query('UPDATE usage_counters SET at = $1, host_at = $1 WHERE at > $1', [
      new Date(when - MINUTE),
    ]);
    await sample(when, seconds);
  }

  it('is the last hour by the minute where nothing is asked for', async () => {
    const { from, to, step, series } = await metrics();
    expect(step).toBe(60);
    expect(+new Date(to) - +new Date(from)).toBeLessThanOrEqual(61 * MINUTE);
    expect(series.cpu_percent).toHaveLength((+new Date(to) - +new Date(from)) / MINUTE);
    expect(series.cpu_percent[0]![0]).toBe(+new Date(from) / 1000);
  });

  it('gives rates and averages in their units', async () => {
    const { series } = await metrics(`?from=${end / 1000 - 3000}&to=${end / 1000 - 600}&step=300`);
    const value = (name: keyof MetricSeries) => new Set(series[name].map(([, v]) => v));
    expect(series.ram_bytes).toHaveLength(8);
    expect({
      cpu: value('cpu_percent'),
      ram: value('ram_bytes'),
      swap: value('swap_bytes'),
      disk: value('disk_bytes'),
      procs: value('num_proc'),
      in: value('net_in_bps'),
      out: value('net_out_bps'),
      read: value('io_read_bps'),
      write: value('io_write_bps'),
    }).toEqual({
      cpu: new Set([50]),
      ram: new Set([4_096_000]),
      swap: new Set([null]),
      disk: new Set([1_000_000]),
      procs: new Set([5]),
      in: new Set([8000]),
      out: new Set([16_000]),
      read: new Set([3000]),
      write: new Set([4000]),
    });
  });

  it('has null in a gap, and the rate over the gap in the sample that ends it', async () => {
    const from = new Date(end - 200 * MINUTE).toISOString();
    const to = new Date(end - 100 * MINUTE).toISOString();
    const { series, step } = await metrics(`?from=${from}&to=${to}`);
    expect(step).toBe(60);
    expect(series.net_in_bps.filter(([, v]) => v === null)).toHaveLength(60);
    expect(series.ram_bytes.filter(([, v]) => v === null)).toHaveLength(60);
    for (const [, value] of points(series, 'net_in_bps')) expect(value).toBe(8000);
  });

  it('gives the same from hours as from samples, and the hours not yet rolled up', async () => {
    const [from, to] = [end / 1000 - 40 * 3600, end / 1000];
    const fine = await metrics(`?from=${from}&to=${to}&step=3600`);
    const [{ hours }] = await em().query<[{ hours: number }]>(
      'SELECT count(*)::int AS hours FROM usage_hours WHERE server_number = $1',
      [server.number],
    );
    expect(hours).toBeGreaterThan(40);
    const coarse = await metrics(`?from=${end / 1000 - 8 * 86_400}&to=${to}&step=3600`);
    expect(coarse.series.net_in_bps).toHaveLength(192);
    expect(coarse.series.net_in_bps.slice(-40)).toEqual(fine.series.net_in_bps);
    expect(coarse.series.ram_bytes.slice(-40)).toEqual(fine.series.ram_bytes);
    expect(points(fine.series, 'net_in_bps').length).toBe(39);
  });

  it('names the bound of points', async () => {
    const { status, body } = await api.request(
      'GET',
      `/v1/servers/meter/metrics?from=${end / 1000 - 86_400}&step=10`,
    );
    expect([status, body.error.code]).toEqual([400, 'invalid_input']);
    expect(body.error.message).toMatch(/at most 1500/);
    expect(body.error.details.fields[0].name).toBe('step');
  });

  it('shows nothing of a server that is gone', async () => {
    const { server: gone } = await orderServer(api.database.dataSource, api.world, { name: 'gone' });
    await em().query(`UPDATE servers SET status = 'deleted', deleted_at = now() WHERE id = $1`, [gone.id]);
    for (const route of ['metrics', 'beancounters'])
      expect((await api.request('GET', `/v1/servers/${gone.id}/${route}`)).status).toBe(404);
  });
});
