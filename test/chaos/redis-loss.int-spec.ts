import { startRedis, type RunningRedis } from '@berth/stack';
import { eventually } from '@berth/testing';
import { Redis } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedPlatform } from './simulated-platform';

jest.setTimeout(120_000);

const ORDERS = 50;

let dir: string;
/** Its own: what is wiped here must be nobody else's. */
let redis: RunningRedis;
let platform: SimulatedPlatform;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-redis-'));
  redis = await startRedis({ dir: join(dir, 'redis'), fast: true });
});
afterAll(async () => {
  await redis.stop();
  await rm(dir, { recursive: true });
});
beforeEach(async () => {
  platform = await SimulatedPlatform.open({ redisUrl: redis.url });
  // Slow enough that there is a middle.
  await platform.machine.setLatency({ create: 150, start: 150 });
});
afterEach(async () => platform.close());

const order = (count: number) => Promise.all(Array.from({ length: count }, () => platform.order()));

async function waitForFinished(count: number): Promise<void> {
  await eventually(
    `${count} finished operations`,
    async () => ((await platform.outcomes()).succeeded ?? 0) >= count,
    { timeoutMs: 60_000 },
  );
}

async function expectAllRunning(): Promise<void> {
  await eventually('all to end', async () => (await platform.held()).unfinished === 0, { timeoutMs: 60_000 });
  const failures: unknown[] = await platform.database.dataSource.query(
    `SELECT kind, status, error FROM operations WHERE status <> 'succeeded'`,
  );
  expect(failures).toEqual([]);
  expect(await platform.outcomes()).toEqual({ succeeded: ORDERS });
  const states = platform.machine.containers().map(({ state }) => state);
  expect(states).toEqual(Array.from({ length: ORDERS }, () => 'running'));
  expect(platform.fleet.violations()).toEqual([]);
}

it('FLUSHALL in the middle of 50 orders: all 50 end', async () => {
  await platform.worker();
  await order(ORDERS);
  for (const finished of [1, 15, 30]) {
    await waitForFinished(finished);
    await redis.flushAll();
  }
  expect((await platform.outcomes()).succeeded ?? 0).toBeLessThan(ORDERS);
  await expectAllRunning();
});

it('FLUSHALL before any worker is there: all end', async () => {
  await order(ORDERS);
  await redis.flushAll();
  await platform.worker();
  await expectAllRunning();
});

it('Redis that stands still and drops its connections: the worker stays up and goes on', async () => {
  const worker = await platform.worker();
  await order(ORDERS);
  await waitForFinished(5);
  process.kill(redis.pid, 'SIGSTOP');
  try {
    // What is under way ends without Redis; the steps' truth is in Postgres.
    await waitForFinished(10);
  } finally {
    process.kill(redis.pid, 'SIGCONT');
  }
  const admin = new Redis(redis.url);
  await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await admin.quit();
  await expectAllRunning();
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
});

it('Postgres that throws everybody out, again and again: the worker stays up and all end', async () => {
  const worker = await platform.worker();
  await order(ORDERS);
  for (const finished of [1, 10, 20]) {
    await waitForFinished(finished);
    await platform.database.dataSource.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'berth-%' AND application_name <> 'berth-test'`,
    );
  }
  await expectAllRunning();
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
});
