import { startRedis, type RunningRedis } from '@berth/stack';
import { eventually, WebhookReceiver } from '@berth/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import type { BerthClient } from '../e2e/berth-client';
import type { ApiUnderTest } from '../resources/api-under-test';
import { SimulatedPlatform } from './simulated-platform';

jest.setTimeout(300_000);

const SERVERS = 20;
const ACTIONS = ['stop', 'start'] as const;

let dir: string;
let redis: RunningRedis;
let platform: SimulatedPlatform;
let receiver: WebhookReceiver;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-webhooks-'));
  redis = await startRedis({ dir: join(dir, 'redis'), fast: true });
  receiver = await new WebhookReceiver().listen();
  platform = await SimulatedPlatform.open({
    cidr: '10.93.0.0/24',
    redisUrl: redis.url,
    environment: {
      BERTH_WEBHOOK_ALLOW_PRIVATE: '127.0.0.0/8',
      BERTH_WEBHOOK_RETRY_MS: Array.from({ length: 60 }, () => '150').join(','),
      BERTH_WEBHOOK_TIMEOUT_MS: '1000',
    },
  });
});
afterAll(async () => {
  await platform.close();
  await receiver.close();
  await redis.stop();
  await rm(dir, { recursive: true });
});

interface ToldEvent {
  id: string;
  server_id: string;
}

const query = <T>(sql: string): Promise<T[]> => platform.database.dataSource.query(sql);
const throwOut = () =>
  query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'berth-%' AND application_name <> 'berth-test'`);
const answers = (count: number) =>
  eventually(`${count} answers`, () => receiver.received.length >= count, { timeoutMs: 120_000 });

/** Every server stopped and started, as soon as the one before has ended; whichever API is there is asked. */
async function live(id: string, customer: () => BerthClient): Promise<void> {
  for (const action of ACTIONS) {
    await eventually(
      `${action} of ${id} to be taken`,
      async () => (await customer().call('POST', `/v1/servers/${id}/actions/${action}`, {})).status === 202,
      { timeoutMs: 120_000, intervalMs: 200 },
    );
  }
}

it('each event arrives, signed and in its server’s order, whatever is killed, lost or answered', async () => {
  let api: ApiUnderTest = await platform.api();
  let customer = await api.client('customer', platform.world.tenant.id);
  const made = await customer.call('POST', '/v1/webhooks', { url: receiver.url });
  expect(made.status).toBe(201);
  const { secret } = made.body as { secret: string };
  const forged: unknown[] = [];
  // A third fails, some without an answer: those the receiver has, and Berth doesn't know.
  receiver.reply = async ({ body, headers }, response) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>);
    } catch (error) {
      forged.push(error);
    }
    const die = Math.random();
    if (die < 0.05) response.destroy();
    // Long enough that a killed worker has some under way.
    await new Promise((resolve) => setTimeout(resolve, 30));
    return die < 0.33 ? 500 : 200;
  };

  let workers = [await platform.worker(), await platform.worker()];
  const orders = await Promise.all(Array.from({ length: SERVERS }, () => platform.order()));
  const lives = Promise.all(orders.map(({ server }) => live(server.id, () => customer)));
  for (const count of [20, 60, 100]) {
    await answers(count);
    await Promise.all(workers.map((worker) => worker.kill()));
    await throwOut();
    await redis.flushAll();
    const old = api;
    api = await platform.api();
    customer = await api.client('customer', platform.world.tenant.id);
    await old.close();
    workers = [await platform.worker(), await platform.worker()];
  }
  await answers(130);
  await throwOut();
  await lives;
  await eventually('all operations to end', async () => (await platform.held()).unfinished === 0, {
    timeoutMs: 120_000,
  });
  const open = `SELECT (SELECT max(seq) FROM events) > (SELECT dispatched_to FROM event_dispatch)
    OR EXISTS (SELECT FROM webhook_deliveries WHERE status = 'pending') AS open`;
  await eventually(
    'all events to be delivered',
    async () => !(await query<{ open: boolean }>(open))[0]!.open,
    {
      timeoutMs: 120_000,
    },
  );
  await api.close();

  expect(forged).toEqual([]);
  expect(await query(`SELECT status, error FROM webhook_deliveries WHERE status <> 'delivered'`)).toEqual([]);
  expect(await query(`SELECT kind, status, error FROM operations WHERE status <> 'succeeded'`)).toEqual([]);
  const told = await query<ToldEvent>(
    'SELECT id, server_id FROM events WHERE server_id IS NOT NULL ORDER BY seq',
  );
  expect(told.length).toBeGreaterThanOrEqual(SERVERS * (3 + 1) * (1 + ACTIONS.length));
  for (const { server } of orders) {
    const mine = receiver.received.filter(({ event }) => event.data.server_id === server.id);
    // In order of their first arrival, and of their first taking: an event that is sent again was there before.
    const firsts = (got: typeof mine) => [...new Set(got.map(({ event }) => event.id))];
    const expected = told.filter(({ server_id: id }) => id === server.id).map(({ id }) => id);
    expect(firsts(mine)).toEqual(expected);
    expect(firsts(mine.filter(({ status }) => status === 200))).toEqual(expected);
  }
  expect(receiver.received.length).toBeGreaterThan(told.length);
});
