import type { MigrationModeName } from '@berth/contracts';
import {
  createOperation,
  DriftFindingEntity,
  HostEntity,
  inTransaction,
  requestCancel,
  reserveMigration,
  ServerMigrationEntity,
  type ServerEntity,
} from '@berth/database';
import { containerIdOf, operationPlans } from '@berth/domain';
import type { RuntimeErrorCode, RuntimeMethod, SimulatedHost } from '@berth/runtime';
import { eventually, makeHost, type World } from '@berth/testing';
import { IsNull } from 'typeorm';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;
let other: HostEntity;
let a: SimulatedHost;
let b: SimulatedHost;
let server: ServerEntity;
let networks = 0;

const MODES: MigrationModeName[] = ['live', 'near_live', 'offline'];

beforeAll(async () => {
  bench = await openBench();
  await bench.worker();
});
afterAll(async () => bench.close());
beforeEach(async () => {
  world = await bench.world({ cidr: `10.78.${networks++}.0/24` });
  other = await makeHost(manager(), world.location.id);
  a = bench.fleet.host(world.host.id);
  b = bench.fleet.host(other.id);
  await eventually('both boots noted', async () => {
    const hosts = await manager().findBy(HostEntity, [{ id: world.host.id }, { id: other.id }]);
    return hosts.every(({ bootId }) => bootId !== null);
  });
  server = await bench.ordered(world);
});

const manager = () => bench.database.dataSource.manager;
const containerOn = (host: SimulatedHost) =>
  bench.fleet.store.readContainer(host.key, containerIdOf(server.number));
const states = () => [containerOn(a)?.state ?? null, containerOn(b)?.state ?? null];

function ask(mode: MigrationModeName = 'live', fallback: MigrationModeName[] = []): Promise<string> {
  return inTransaction(bench.database.dataSource, async (em) => {
    const now = await bench.server(server.id);
    const input = { mode, fallback, bandwidth_bps: null, host_id: null };
    const operation = await createOperation(em, {
      kind: 'migrate_server',
      serverId: now.id,
      hostId: now.hostId,
      tenantId: now.tenantId,
      requestedBy: 'test',
      requestId: 'test',
      input,
    });
    await reserveMigration(em, operation, now, input);
    return operation.id;
  });
}

const books = async () => {
  const hosts = await Promise.all(
    [world.host.id, other.id].map((id) => manager().findOneByOrFail(HostEntity, { id })),
  );
  return hosts.map(({ usedServers, usedCpus, usedRamBytes, usedDiskBytes }) => [
    usedServers,
    usedCpus,
    usedRamBytes,
    usedDiskBytes,
  ]);
};
const empty = [0, 0, 0, 0];
const full = () => [1, server.cpus, server.ramBytes, server.diskBytes];

/** It is there and nowhere else, runs, and is accounted for there alone. */
async function expectOn(place: 'source' | 'target', state = 'running'): Promise<void> {
  const isThere = place === 'target';
  expect(states()).toEqual(isThere ? [null, state] : [state, null]);
  const now = await bench.server(server.id);
  expect(now).toMatchObject({ hostId: isThere ? other.id : world.host.id, status: state });
  expect(await books()).toEqual(isThere ? [empty, full()] : [full(), empty]);
  expect([a.record().incoming ?? {}, b.record().incoming ?? {}]).toEqual([{}, {}]);
  expect(await manager().countBy(ServerMigrationEntity, { serverId: server.id, endedAt: IsNull() })).toBe(0);
  expect(bench.fleet.violations()).toEqual([]);
  const hostIds = [world.host.id, other.id];
  for (const hostId of hostIds) expect(await manager().findBy(DriftFindingEntity, { hostId })).toEqual([]);
}

describe.each(MODES)('%s', (mode) => {
  it('moves a running server: it is there, and nowhere else, and both hosts are told', async () => {
    const id = await ask(mode);
    const operation = await bench.ended(id);
    expect(operation).toMatchObject({ status: 'succeeded', error: null });
    expect(operation.result).toMatchObject({
      source: world.host.name,
      target: other.name,
      mode,
      refused_modes: [],
    });
    expect(operation.result!.bytes_sent).toBeGreaterThan(0);
    expect(operation.result!.frozen_ms).toBeGreaterThanOrEqual(0);
    await expectOn('target');
  });

  it('leaves a stopped one stopped', async () => {
    await bench.ended(await bench.ask(server, 'stop_server', { timeout_s: 1 }));
    expect(await bench.ended(await ask(mode))).toMatchObject({ status: 'succeeded', error: null });
    await expectOn('target', 'stopped');
  });

  it('can be had back', async () => {
    await bench.ended(await ask(mode));
    expect(await bench.ended(await ask(mode))).toMatchObject({ status: 'succeeded', error: null });
    expect(states()).toEqual(['running', null]);
    expect(await books()).toEqual([full(), empty]);
    expect(await bench.ended(await bench.ask(await bench.server(server.id), 'delete_server'))).toMatchObject({
      status: 'succeeded',
    });
    expect(await books()).toEqual([empty, empty]);
  });
});

it('holds room at both hosts while it is under way', async () => {
  await b.setLatency({ takeOver: 600 });
  const id = await ask();
  expect(await books()).toEqual([full(), full()]);
  await eventually('the take-over', async () =>
    (await bench.steps(id)).some(({ name, status }) => name === 'take_over' && status === 'running'),
  );
  expect(await books()).toEqual([full(), full()]);
  await bench.ended(id);
  await expectOn('target');
});

const BEFORE: [RuntimeMethod, 'a' | 'b'][] = [
  ['openMigration', 'a'],
  ['acceptMigration', 'b'],
  ['connectMigration', 'a'],
  ['sendDisk', 'a'],
  ['sendMemory', 'a'],
  ['handOver', 'a'],
];
describe.each(BEFORE)('%s, before the point of no return,', (method, host) => {
  const machine = () => (host === 'a' ? a : b);

  it.each([false, true])('that fails for good is taken back (its change made: %s)', async (after) => {
    await machine().failNext(method, 'command_failed', { after });
    const operation = await bench.ended(await ask());
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'command_failed' } });
    await expectOn('source');
  });

  it('that fails for now is tried again', async () => {
    await machine().failNext(method, 'unreachable', { after: true });
    expect(await bench.ended(await ask())).toMatchObject({ status: 'succeeded' });
    await expectOn('target');
  });
});

describe('at the point of no return', () => {
  it.each<[RuntimeErrorCode]>([['restore_failed'], ['command_failed']])(
    'a target that refuses (%s) has nothing left, and the server goes on at its source',
    async (code) => {
      await b.failNext('takeOver', code);
      const operation = await bench.ended(await ask());
      expect(operation).toMatchObject({ status: 'failed', error: { code, step: 'take_over' } });
      expect(operation.error!.message).toContain(`goes on at ${world.host.name}`);
      await expectOn('source');
    },
  );

  it('a target that has it after all keeps it', async () => {
    await b.failNext('takeOver', 'command_failed', { after: true });
    expect(await bench.ended(await ask())).toMatchObject({ status: 'succeeded' });
    await expectOn('target');
  });

  it('a target that is out of reach before it was asked is never asked: the server goes on at its source', async () => {
    await a.setLatency({ handOver: 300 });
    const id = await ask();
    await eventually('the hand-over', async () =>
      (await bench.steps(id)).some(({ name, status }) => name === 'hand_over' && status === 'running'),
    );
    // No step begins while its operation's row is held: time to cut the target off behind this one.
    await inTransaction(bench.database.dataSource, async (em) => {
      await em.query('SELECT FROM operations WHERE id = $1 FOR UPDATE', [id]);
      await eventually('handed over', () => (containerOn(a)?.departure?.was ?? null) !== null);
      await b.cut();
    });
    const operation = await bench.ended(id);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'unreachable', step: 'take_over' } });
    expect(operation.error!.message).toContain(`It goes on at ${world.host.name}`);
    expect(containerOn(a)?.state).toBe('running');
    await b.mend();
  });

  it('a target that does not answer is asked until it does: the source stays still meanwhile', async () => {
    await b.failNext('takeOver', 'unreachable', { count: 12 });
    const id = await ask();
    await eventually('more tries than other steps get', async () => {
      const step = (await bench.steps(id)).find(({ name }) => name === 'take_over');
      return step!.attempt > 9;
    });
    expect(await bench.ended(id)).toMatchObject({ status: 'succeeded' });
    await expectOn('target');
  });
});

describe.each<[RuntimeMethod, 'a' | 'b']>([
  ['dropSource', 'a'],
  ['closeMigration', 'b'],
])('%s, after it,', (method, host) => {
  it.each([false, true])('is tried until it is done (its change made: %s)', async (after) => {
    await (host === 'a' ? a : b).failNext(method, 'command_failed', { after, count: 10 });
    expect(await bench.ended(await ask())).toMatchObject({ status: 'succeeded' });
    await expectOn('target');
  });
});

describe('a source that stays away after it', () => {
  /** The server is on the target, the source's power gone before anything was removed there. */
  async function leftBehind(): Promise<{ id: string; leftTo: string }> {
    await b.setLatency({ takeOver: 300 });
    const id = await ask();
    await eventually('the take-over', async () =>
      (await bench.steps(id)).some(({ name, status }) => name === 'take_over' && status === 'running'),
    );
    await a.crash();
    const operation = await bench.ended(id);
    expect(operation).toMatchObject({ status: 'succeeded' });
    const leftTo = operation.result!.source_left_to as string;
    expect(await bench.operation(leftTo)).toMatchObject({ kind: 'clear_source', hostId: world.host.id });
    return { id, leftTo };
  }

  it('holds up nobody: the server is free at once, and what it left is removed when that host returns', async () => {
    const { leftTo } = await leftBehind();
    expect(await bench.server(server.id)).toMatchObject({ hostId: other.id, status: 'running' });
    expect(await books()).toEqual([full(), full()]);
    expect(
      await bench.ended(await bench.ask(await bench.server(server.id), 'stop_server', { timeout_s: 1 })),
    ).toMatchObject({ status: 'succeeded' });
    await expect(ask()).rejects.toMatchObject({ code: 'conflict', details: { operation_id: leftTo } });
    await a.boot();
    expect(await bench.ended(leftTo)).toMatchObject({ status: 'succeeded' });
    await expectOn('target', 'stopped');
  });

  it('gives its room back when somebody says that it will not return', async () => {
    const { leftTo } = await leftBehind();
    await inTransaction(bench.database.dataSource, (em) => requestCancel(em, leftTo));
    expect(await bench.ended(leftTo)).toMatchObject({ status: 'cancelled' });
    expect(await books()).toEqual([empty, full()]);
    expect(await manager().countBy(ServerMigrationEntity, { serverId: server.id, endedAt: IsNull() })).toBe(
      0,
    );
  });
});

describe('modes', () => {
  it('tries the next where processes can not be written down, and says so', async () => {
    await a.failNext('handOver', 'checkpoint_failed');
    const operation = await bench.ended(await ask('live', ['near_live', 'offline']));
    expect(operation).toMatchObject({ status: 'succeeded' });
    expect(operation.result).toMatchObject({
      mode: 'near_live',
      refused_modes: [{ mode: 'live', code: 'checkpoint_failed' }],
    });
    await expectOn('target');
  });

  it('fails without another', async () => {
    await a.failNext('handOver', 'checkpoint_failed');
    expect(await bench.ended(await ask('live'))).toMatchObject({
      status: 'failed',
      error: { code: 'checkpoint_failed', step: 'hand_over' },
    });
    await expectOn('source');
  });
});

describe('a cancel', () => {
  it('before the point of no return gives all back', async () => {
    await a.setLatency({ sendDisk: 5000 });
    const id = await ask();
    await eventually('the copy under way', async () =>
      (await bench.steps(id)).some(({ name, status }) => name === 'copy_disk' && status === 'running'),
    );
    await inTransaction(bench.database.dataSource, (em) => requestCancel(em, id));
    expect(await bench.ended(id)).toMatchObject({ status: 'cancelled' });
    await expectOn('source');
  });

  it('after it changes nothing', async () => {
    await b.setLatency({ takeOver: 500 });
    const id = await ask();
    await eventually('the take-over', async () =>
      (await bench.steps(id)).some(({ name, status }) => name === 'take_over' && status === 'running'),
    );
    await inTransaction(bench.database.dataSource, (em) => requestCancel(em, id));
    expect(await bench.ended(id)).toMatchObject({ status: 'succeeded' });
    await expectOn('target');
  });
});

describe('hosts that fail', () => {
  it('a target that is gone before the point of no return: it goes on at the source, and the rest is reported', async () => {
    await a.setLatency({ handOver: 300 });
    const id = await ask();
    await eventually('the copy done', async () =>
      (await bench.steps(id)).some(({ name, status }) => name === 'hand_over' && status === 'running'),
    );
    await b.cut();
    expect(await bench.ended(id, 40_000)).toMatchObject({
      status: 'failed',
      error: { code: 'unreachable', step: 'hand_over' },
    });
    expect(states()).toEqual(['running', null]);
    expect(await books()).toEqual([full(), empty]);
    expect(await manager().findBy(DriftFindingEntity, { operationId: id })).toMatchObject([
      { kind: 'undo_failed' },
    ]);
  });

  it.each(operationPlans.migrate_server.steps.map(({ name }) => name))(
    'the source loses its power around %s: it runs once in the end',
    async (name) => {
      await a.setLatency(100);
      const id = await ask();
      await eventually(`${name} under way`, async () => {
        const operation = await bench.operation(id);
        return (
          operation.finishedAt !== null ||
          (await bench.steps(id)).some((step) => step.name === name && step.status === 'running')
        );
      });
      await a.crash();
      await a.setLatency(0);
      await a.boot();
      const operation = await bench.ended(id, 40_000);
      const moved = operation.status === 'succeeded';
      await eventually('it runs', async () => {
        const there = states();
        const { status } = await bench.server(server.id);
        return status === 'running' && there[moved ? 1 : 0] === 'running' && there[moved ? 0 : 1] === null;
      });
      expect(await books()).toEqual(moved ? [empty, full()] : [full(), empty]);
      expect(bench.fleet.violations()).toEqual([]);
    },
  );

  it('the target loses its power while it takes over: it runs once in the end', async () => {
    await b.setLatency({ takeOver: 300 });
    const id = await ask();
    await eventually('the take-over', async () =>
      (await bench.steps(id)).some(({ name, status }) => name === 'take_over' && status === 'running'),
    );
    await b.crash();
    await b.boot();
    const operation = await bench.ended(id, 40_000);
    const moved = operation.status === 'succeeded';
    expect(states().filter((state) => state === 'running')).toHaveLength(1);
    expect(await books()).toEqual(moved ? [empty, full()] : [full(), empty]);
  });
});
