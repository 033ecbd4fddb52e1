import { ensureUsagePartitions, rollUpUsage, UsageRecordEntity, UsageSampleEntity } from '@berth/database';
import { beginMeteringAt, eventually, orderServer, useMeteringClock, type World } from '@berth/testing';
import { openBench, type TestBench } from '../../testing/test-worker';

const HOUR = 3_600_000;

let bench: TestBench;
let world: World;

beforeEach(async () => {
  bench = await openBench();
  world = await bench.world();
});
afterEach(() => bench.close());

const db = () => bench.database.dataSource.manager;

it('writes the records of all hours that ended while no worker was there', async () => {
  const { dataSource } = bench.database;
  const now = new Date(Math.floor(Date.now() / HOUR) * HOUR);
  const begin = new Date(+now - 3 * HOUR);
  await beginMeteringAt(dataSource, begin);
  await ensureUsagePartitions(dataSource, begin);
  const clock = await useMeteringClock(dataSource);
  await clock.set(begin);
  const { server } = await orderServer(dataSource, world);
  await dataSource.query(`UPDATE servers SET status = 'stopped' WHERE id = $1`, [server.id]);
  await clock.set(now);
  await rollUpUsage(dataSource, now);
  await Promise.all([bench.worker(), bench.worker()]);
  const records = await eventually('records of three hours', async () => {
    const found = await db().find(UsageRecordEntity, {
      where: { serverId: server.id, meter: 'stopped_time' },
      order: { seq: 'ASC' },
    });
    return found.length >= 3 && found;
  });
  expect(records.slice(0, 3).map(({ windowStart, quantity }) => [+windowStart, quantity])).toEqual(
    [0, 1, 2].map((hour) => [+begin + hour * HOUR, String(HOUR)]),
  );
});

it('has what a server used after its last sample, until it was deleted', async () => {
  // As on every installation but in its first moment; the worker's own loop makes them beside the order.
  await ensureUsagePartitions(bench.database.dataSource, new Date());
  await bench.worker({ config: { usageIntervalMs: HOUR } });
  const { server, operation } = await orderServer(bench.database.dataSource, world);
  await bench.ended(operation.id);
  expect(await bench.ended(await bench.ask(server, 'delete_server'))).toMatchObject({ status: 'succeeded' });
  // The host was sampled before the order, or is in an hour: this sample can only be the deletion's.
  const samples = await db().findBy(UsageSampleEntity, { serverNumber: server.number });
  expect(samples.reduce((sum, { cpuUs }) => sum + cpuUs, 0)).toBeGreaterThan(0);
});

it('deletes a server all the same where its host can not count', async () => {
  await bench.worker();
  const { server, operation } = await orderServer(bench.database.dataSource, world);
  await bench.ended(operation.id);
  await bench.fleet.host(world.host.id).failNext('beancounters', 'command_failed', { count: 100 });
  expect(await bench.ended(await bench.ask(server, 'delete_server'))).toMatchObject({ status: 'succeeded' });
});
