import type { HostMetricSeries } from '@berth/contracts';
import { dropOldHostUsage, ensureUsagePartitions, writeUsageSamples } from '@berth/database';
import { orderServer } from '@berth/testing';
import { startTestApi, type TestApi } from '../testing/test-api';

const MINUTE = 60_000;
const STEP = 5 * MINUTE;

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
  const now = new Date();
  await api.database.dataSource.query(
    `UPDATE usage_progress SET rolled_up_to = now() - interval '3 hours', closed_to = now() - interval '3 hours', since = now() - interval '1 day'`,
  );
  for (const at of [+now, +now - 24 * 60 * MINUTE])
    await ensureUsagePartitions(api.database.dataSource, new Date(at));
});
afterAll(() => api.close());

const get = (query = '', reference = api.world.host.name) =>
  api.request('GET', `/v1/hosts/${reference}/metrics${query}`, { token: api.tokens.operator });

it("shows what a host's servers used, what was sold and its capacity, over time", async () => {
  const { dataSource } = api.database;
  const { host, plan } = api.world;
  const start = Math.floor(Date.now() / STEP) * STEP - 4 * STEP;
  const servers = [
    (await orderServer(dataSource, api.world, { status: 'running', createdAt: new Date(start - STEP) }))
      .server,
    (await orderServer(dataSource, api.world, { status: 'running', createdAt: new Date(start - STEP) }))
      .server,
  ];
  const counted = (value: number): [number, number, null, null, number] => [value, value, null, null, 0];
  const sample = (minute: number) =>
    dataSource.transaction((em) =>
      writeUsageSamples(
        em,
        host.id,
        servers.map(({ number }) => ({
          serverNumber: number,
          boot: 'b',
          hostAt: start + minute * MINUTE,
          counters: {
            // Half a CPU each.
            cputime: counted((5 + minute) * 30_000_000),
            physpages: counted(1000),
            diskspace: counted(5_000_000),
          },
        })),
        new Date(start + minute * MINUTE),
      ),
    );
  // Then nothing is sampled for five minutes.
  for (const minute of [0, 1, 2, 3, 4, 10, 11]) await sample(minute);
  const { status, body } = await get(`?from=${start / 1000}&to=${(start + 3 * STEP) / 1000}`);
  expect([status, body.metrics.step]).toEqual([200, 300]);
  const series: HostMetricSeries = body.metrics.series;
  const values = (name: keyof HostMetricSeries) => series[name].map(([, value]) => value);
  expect(series.used_cpus.map(([t]) => t)).toEqual([0, 300, 600].map((s) => start / 1000 + s));
  expect(values('used_cpus')).toEqual([1, null, 1]);
  expect(values('used_ram_bytes')).toEqual([2 * 4096 * 1000, null, 2 * 4096 * 1000]);
  expect(values('used_disk_bytes')).toEqual([10_000_000, null, 10_000_000]);
  expect(values('servers')).toEqual([2, null, 2]);
  expect(values('allocated_ram_bytes')).toEqual([
    2 * plan.limits.ram_bytes!,
    null,
    2 * plan.limits.ram_bytes!,
  ]);
  expect(values('capacity_cpus')).toEqual([host.capacityCpus, null, host.capacityCpus]);
  const coarse = await get(`?from=${start / 1000}&to=${(start + 3 * STEP) / 1000}&step=900`, host.id);
  expect(
    coarse.body.metrics.series.used_cpus.filter(([, v]: [number, number | null]) => v !== null),
  ).not.toEqual([]);
});

it('refuses what it has not, and forgets what is old', async () => {
  for (const [query, field] of [
    ['?step=60', 'step'],
    ['?from=2020-01-01T00:00:00Z', 'from'],
    ['?from=2000000000&to=1000000000', 'from'],
  ] as const)
    expect((await get(query)).body.error.details.fields[0].name).toBe(field);
  expect((await get('', 'nowhere')).status).toBe(404);
  const { dataSource } = api.database;
  const count = async () => Number((await dataSource.query('SELECT count(*) FROM host_usage'))[0].count);
  const before = await count();
  expect(before).toBeGreaterThan(0);
  expect(await dropOldHostUsage(dataSource, new Date(Date.now() + 29 * 86_400_000))).toBe(0);
  expect(await dropOldHostUsage(dataSource, new Date(Date.now() + 31 * 86_400_000))).toBe(before);
});
