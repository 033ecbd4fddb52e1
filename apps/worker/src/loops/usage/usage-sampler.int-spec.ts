import {
  ensureUsagePartitions,
  UsageCounterEntity,
  UsageHostEntity,
  UsageHourEntity,
  writeUsageSamples,
  UsageSampleEntity,
  type ServerEntity,
} from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { eventually, makeHost, orderServer, type World } from '@berth/testing';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { openBench, type TestBench } from '../../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;
let networks = 0;

beforeEach(async () => {
  bench = await openBench();
  world = await bench.world({ cidr: `10.61.${networks++}.0/24` });
});
afterEach(() => bench.close());

const db = () => bench.database.dataSource.manager;
const machine = () => bench.fleet.host(world.host.id);
const samplesOf = (server: ServerEntity) =>
  db().find(UsageSampleEntity, { where: { serverNumber: server.number }, order: { at: 'ASC' } });
const sum = (samples: UsageSampleEntity[]) => samples.reduce((all, { netInBytes }) => all + netInBytes, 0);
const countersOf = (server: ServerEntity) =>
  db().findOneByOrFail(UsageCounterEntity, { serverNumber: server.number });
const hostState = (id = world.host.id) => db().findOneByOrFail(UsageHostEntity, { hostId: id });

async function order(): Promise<ServerEntity> {
  const { server, operation } = await orderServer(bench.database.dataSource, world);
  expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
  return server;
}

/** Waits for `count` samples taken after those that are there. */
async function further(server: ServerEntity, count = 2): Promise<UsageSampleEntity[]> {
  const before = (await samplesOf(server)).length;
  return eventually(`${count} more samples`, async () => {
    const samples = await samplesOf(server);
    return samples.length >= before + count && samples;
  });
}

it('samples every server of a host, and adds up to what the host counts', async () => {
  await bench.worker();
  const servers = [await order(), await order()];
  for (const server of servers) {
    const samples = await further(server);
    expect(samples.at(-1)).toMatchObject({ ramPages: 6144, numProc: 8, inodes: 400 });
    // 8,000 bit/s.
    for (const { netInBytes, spanMs } of samples.slice(1)) {
      expect(netInBytes).toBeGreaterThanOrEqual(Math.floor(spanMs) - 2);
      expect(netInBytes).toBeLessThanOrEqual(Math.ceil(spanMs) + 2);
    }
    await bench.database.dataSource.transaction(async (em) => {
      await em.query('LOCK TABLE usage_counters IN SHARE MODE');
      const { counters } = await em.findOneByOrFail(UsageCounterEntity, { serverNumber: server.number });
      const all = await em.findBy(UsageSampleEntity, { serverNumber: server.number });
      expect(sum(all)).toBe(counters.netin![0]);
    });
  }
});

it('goes on over restarts of the server, of the worker, and a move to another host', async () => {
  const first = await bench.worker();
  const server = await order();
  await further(server);
  const boot = (await countersOf(server)).boot;
  await bench.ended(await bench.ask(server, 'restart_server', { timeout_s: 5 }));
  await eventually('a sample of the new run', async () => (await countersOf(server)).boot !== boot);
  await first.stop();
  const before = sum(await samplesOf(server));
  await bench.worker();
  await further(server);
  expect(sum(await samplesOf(server))).toBeGreaterThan(before);
  const other = await makeHost(db(), world.location.id);
  // A move, as far as counters are concerned: its container is on another host, and counted from zero there.
  await bench.database.dataSource.query('UPDATE servers SET host_id = $2 WHERE id = $1', [
    server.id,
    other.id,
  ]);
  const held = (await countersOf(server)).counters.netin![0];
  const { store } = bench.fleet;
  const container = store.readContainer(world.host.id, containerIdOf(server.number))!;
  store.writeContainer(other.id, { ...container, ranSeconds: 0, startedAt: Date.now() });
  const state = await eventually('a sample from the other host', async () => {
    const now = await countersOf(server);
    return now.hostId === other.id && now;
  });
  expect(state.carried.netin!.held).toBeGreaterThanOrEqual(held);
  const samples = await further(server);
  const last = await countersOf(server);
  expect(sum(samples)).toBeGreaterThan(state.carried.netin!.held);
  expect(last.counters.netin![0]).toBeLessThan(60_000);
});

it('samples a host once an interval, however many workers there are', async () => {
  await Promise.all([bench.worker(), bench.worker(), bench.worker()]);
  const server = await order();
  await further(server, 1);
  const began = (await hostState()).claim;
  const samples = await further(server, 12);
  const recent = samples.slice(-12);
  // Not more often than the interval lets them, and each by a claim of its own.
  const seconds = (+recent.at(-1)!.at - +recent[0]!.at) / 1000;
  expect(recent.length - 1).toBeLessThanOrEqual(Math.ceil(seconds / 0.3) + 1);
  expect((await hostState()).claim - began).toBeGreaterThanOrEqual(12);
  expect(sum(samples)).toBeLessThanOrEqual((await countersOf(server)).counters.netin![0]);
});

it('writes nothing under a claim that was lost', async () => {
  const server = await (async () => {
    const worker = await bench.worker();
    const made = await order();
    await further(made);
    await worker.stop();
    return made;
  })();
  await machine().setLatency({ usage: 1500 });
  const slow = await bench.worker();
  const { claim } = await hostState();
  await eventually('a claim', async () => (await hostState()).claim > claim);
  const before = (await samplesOf(server)).length;
  // As another worker does, once the lease is over.
  await bench.database.dataSource.query(
    `UPDATE usage_hosts SET claim = claim + 1, claimed_until = now() + interval '1 hour'`,
  );
  await slow.stop();
  expect((await samplesOf(server)).length).toBe(before);
});

it('is not held up by hosts that are dead or hang, and counts what they did meanwhile once they answer', async () => {
  const dead = await Promise.all(Array.from({ length: 30 }, () => makeHost(db(), world.location.id)));
  for (const { id } of dead.slice(0, 10)) await bench.fleet.host(id).setLatency({ usage: 3000 });
  for (const { id } of dead.slice(10)) await bench.fleet.host(id).crash();
  await bench.worker();
  const server = await order();
  await further(server, 10);
  await eventually('a failure noted', async () => (await hostState(dead[20]!.id)).failures > 0);
  expect((await hostState(dead[20]!.id)).lastError).toMatch(/no power/);
  await machine().failNext('usage', 'unreachable', { count: 3 });
  await eventually('failures', async () => (await hostState()).failures > 0);
  const samples = await further(server, 3);
  const longest = Math.max(...samples.map(({ spanMs }) => spanMs));
  expect(longest).toBeGreaterThan(500);
  await eventually('all is well', async () => (await hostState()).failures === 0);
});

it('sums up at its start what hours have ended meanwhile, and shows how far it is', async () => {
  const { dataSource } = bench.database;
  const hour = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 2 * 3_600_000);
  await ensureUsagePartitions(dataSource, hour);
  await dataSource.query('UPDATE usage_progress SET rolled_up_to = $1, closed_to = $1, since = $1', [hour]);
  const { server } = await orderServer(dataSource, world, { createdAt: hour });
  await dataSource.transaction((em) =>
    writeUsageSamples(
      em,
      server.hostId,
      [
        {
          serverNumber: server.number,
          boot: 'b1',
          counters: { netin: [7, 7, null, null, 0] },
          hostAt: +hour,
        },
      ],
      new Date(+hour + 1000),
    ),
  );
  const healthPort = await freePort();
  await bench.worker({ config: { healthPort } });
  const found = await eventually('its hour', () =>
    db().findOneBy(UsageHourEntity, { serverNumber: server.number }),
  );
  expect(found).toMatchObject({ hour, netInBytes: 7, samples: 1 });
  await eventually('the lag', async () => {
    const text = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
    const lag = /^berth_worker_usage_rollup_lag_seconds\{.*\} (.*)$/m.exec(text)?.[1];
    return (
      Number(lag) >= 0 && Number(lag) < 3700 && /usage_sample_seconds_count\{.*written.*\} [1-9]/.test(text)
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
