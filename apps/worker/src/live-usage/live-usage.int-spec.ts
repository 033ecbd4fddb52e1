import { newId, UsageCounterEntity } from '@berth/database';
import { connectRedis, LiveUsageClient } from '@berth/jobs';
import { eventually, orderServer, type World } from '@berth/testing';
import type { ServerEntity } from '@berth/database';
import type { Redis } from 'ioredis';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let redis: Redis;
let client: LiveUsageClient;
let server: ServerEntity;
let world: World;

beforeAll(async () => {
  bench = await openBench();
  world = await bench.world();
  await bench.worker();
  const noise = () => undefined;
  const url = process.env.BERTH_TEST_REDIS_URL!;
  redis = connectRedis(url, noise);
  client = new LiveUsageClient(redis, connectRedis(url, noise), bench.queuePrefix, noise);
  client.start();
  const ordered = await orderServer(bench.database.dataSource, world);
  server = ordered.server;
  await bench.ended(ordered.operation.id);
});
afterAll(async () => {
  await client.stop();
  redis.disconnect();
  await bench.close();
});

const machine = () => bench.fleet.host(server.hostId);
const held = (usage: Awaited<ReturnType<LiveUsageClient['ask']>>, resource: string) =>
  usage?.beancounters.find((one) => one.resource === resource);

it('tells what a server uses now, running or stopped', async () => {
  const usage = await client.ask(server.id);
  expect(Math.abs(usage!.at - Date.now())).toBeLessThan(5000);
  expect(held(usage, 'numproc')).toEqual({
    resource: 'numproc',
    unit: 'count',
    held: 8,
    maxheld: 8,
    barrier: 256,
    limit: 256,
    failcnt: 0,
  });
  await bench.ended(await bench.ask(server, 'kill_server'));
  const stopped = await client.ask(server.id);
  expect(held(stopped, 'numproc')).toBeUndefined();
  expect(held(stopped, 'cputime')!.held).toBeGreaterThanOrEqual(held(usage, 'cputime')!.held);
  expect(held(stopped, 'diskspace')!.held).toBeGreaterThan(0);
});

it('adds what earlier hosts counted', async () => {
  const em = bench.database.dataSource.manager;
  await eventually('a sample', () => em.findOneBy(UsageCounterEntity, { serverNumber: server.number }));
  await em.query(
    `UPDATE usage_counters SET carried = '{"netin": {"held": 1000000000, "maxheld": 1000000000, "failcnt": 7}}'`,
  );
  const netin = held(await client.ask(server.id), 'netin')!;
  expect(netin.held).toBeGreaterThanOrEqual(1_000_000_000);
  expect(netin).toMatchObject({ maxheld: netin.held, failcnt: 7 });
});

it('serves all who look at the servers of one host at the same time', async () => {
  const { dataSource } = bench.database;
  const others = await Promise.all(Array.from({ length: 10 }, () => orderServer(dataSource, world)));
  for (const { operation } of others) await bench.ended(operation.id);
  await machine().setLatency({ beancounters: 50 });
  const ids = [...others, ...others].map((other) => other.server.id);
  const answers = await Promise.all(ids.map((id) => client.ask(id)));
  expect(answers.every((usage) => held(usage, 'numproc')?.held === 8)).toBe(true);
  await machine().setLatency(0);
});

it('gives nothing, soon, where the server or its host is not there', async () => {
  expect(await client.ask(newId())).toBeNull();
  await machine().setLatency({ beancounters: 5000 });
  const began = Date.now();
  expect(await client.ask(server.id, 500)).toBeNull();
  expect(Date.now() - began).toBeLessThan(2000);
  await machine().setLatency(0);
});
