import { DriftFindingEntity, HostEntity, type ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import type { SimulatedHost } from '@berth/runtime';
import { eventually, type World } from '@berth/testing';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;
let machine: SimulatedHost;
let server: ServerEntity;
let networks = 0;

beforeAll(async () => {
  bench = await openBench();
  await bench.worker();
});
afterAll(async () => bench.close());
beforeEach(async () => {
  world = await bench.world({ cidr: `10.77.${networks++}.0/24` });
  machine = bench.fleet.host(world.host.id);
  // What is down before the first boot is known of counts as crashed.
  await eventually('the boot noted', async () => {
    const { manager } = bench.database.dataSource;
    return (await manager.findOneByOrFail(HostEntity, { id: world.host.id })).bootId !== null;
  });
  server = await bench.ordered(world);
});

const container = () => bench.fleet.store.readContainer(world.host.id, containerIdOf(server.number))!;
const ask = async (...what: Parameters<TestBench['ask']>) => bench.ended(await bench.ask(...what));
const onHost = (state: 'running' | 'stopped' | 'frozen' | 'checkpointed') =>
  bench.fleet.store.writeContainer(world.host.id, { ...container(), state });
const shown = async () => {
  const { status, checkpointed, desiredState } = await bench.server(server.id);
  return { status, checkpointed, desiredState };
};
const becomes = (wanted: Partial<Awaited<ReturnType<typeof shown>>>) =>
  eventually(`server ${JSON.stringify(wanted)}`, async () => {
    const now = await shown();
    return Object.entries(wanted).every(([key, value]) => now[key as keyof typeof now] === value);
  });

const frozen = { status: 'frozen', checkpointed: false, desiredState: 'running' };
const checkpointed = { status: 'frozen', checkpointed: true, desiredState: 'running' };
const running = { status: 'running', checkpointed: false, desiredState: 'running' };

it('freezes and unfreezes', async () => {
  expect(await ask(server, 'freeze_server')).toMatchObject({ status: 'succeeded', error: null });
  expect([container().state, await shown()]).toEqual(['frozen', frozen]);
  expect(await ask(server, 'unfreeze_server')).toMatchObject({ status: 'succeeded', error: null });
  expect([container().state, await shown()]).toEqual(['running', running]);
});

it.each(['running', 'frozen'] as const)('writes a %s server to disk, and brings it back', async (state) => {
  if (state === 'frozen') await ask(server, 'freeze_server');
  expect(await ask(server, 'checkpoint_server')).toMatchObject({ status: 'succeeded', error: null });
  expect([container().state, await shown()]).toEqual(['checkpointed', checkpointed]);
  expect(await ask(server, 'restore_server')).toMatchObject({ status: 'succeeded', error: null });
  expect([container().state, await shown()]).toEqual(['running', running]);
});

it.each([
  ['freeze_server', 'freeze', 'running'],
  ['checkpoint_server', 'checkpoint', 'running'],
  ['checkpoint_server', 'checkpoint', 'frozen'],
] as const)('%s that fails after the change is taken back (%s of a %s one)', async (kind, method, state) => {
  if (state === 'frozen') await ask(server, 'freeze_server');
  const before = await shown();
  await machine.failNext(method, 'command_failed', { after: true });
  const operation = await ask(server, kind);
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'command_failed' } });
  expect((await bench.steps(operation.id))[0]).toMatchObject({ status: 'undone' });
  expect([container().state, await shown()]).toEqual([state, before]);
});

it('says that a process can not be written down, and lets it run', async () => {
  await machine.failNext('checkpoint', 'checkpoint_failed');
  const operation = await ask(server, 'checkpoint_server');
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'checkpoint_failed' } });
  expect([container().state, await shown()]).toEqual(['running', running]);
});

it('keeps a checkpoint that can not be restored', async () => {
  await ask(server, 'checkpoint_server');
  await machine.failNext('restore', 'restore_failed');
  const operation = await ask(server, 'restore_server');
  expect(operation).toMatchObject({ status: 'failed', error: { code: 'restore_failed' } });
  expect([container().state, await shown()]).toEqual(['checkpointed', checkpointed]);
  expect(await ask(server, 'restore_server')).toMatchObject({ status: 'succeeded' });
});

it.each([
  ['freeze_server', 'freeze', 'frozen'],
  ['checkpoint_server', 'checkpoint', 'checkpointed'],
] as const)('%s takes a lost answer for what it is', async (kind, method, state) => {
  await machine.failNext(method, 'unreachable', { after: true });
  expect(await ask(server, kind)).toMatchObject({ status: 'succeeded' });
  expect(container().state).toBe(state);
});

it.each(['freeze_server', 'checkpoint_server'] as const)('stops and deletes what %s left', async (kind) => {
  await ask(server, kind);
  expect(await ask(server, 'stop_server', { timeout_s: 1 })).toMatchObject({ status: 'succeeded' });
  expect(await shown()).toMatchObject({ status: 'stopped', checkpointed: false });
  await ask(server, 'start_server');
  await ask(server, kind);
  expect(await ask(server, 'delete_server')).toMatchObject({ status: 'succeeded' });
  expect(container()).toBeNull();
});

describe('what happens on the host', () => {
  it('is followed', async () => {
    onHost('frozen');
    await becomes(frozen as never);
    onHost('running');
    await becomes(running as never);
    onHost('checkpointed');
    await becomes(checkpointed as never);
    onHost('stopped');
    await becomes({ status: 'stopped', checkpointed: false });
  });

  it('starts a frozen server after a boot: its memory is lost', async () => {
    await ask(server, 'freeze_server');
    await machine.crash();
    await machine.boot();
    await becomes(running as never);
    await eventually('the container', () => container().state === 'running');
  });

  it('leaves a checkpoint be over a boot, and restores it when asked', async () => {
    await ask(server, 'checkpoint_server');
    await machine.crash();
    await machine.boot();
    await eventually('the boot seen', async () => {
      const { manager } = bench.database.dataSource;
      const { bootId } = await manager.findOneByOrFail(HostEntity, { id: world.host.id });
      return bootId !== null && bootId === machine.record().bootId;
    });
    expect([container().state, await shown()]).toEqual(['checkpointed', checkpointed]);
    expect(await ask(server, 'restore_server')).toMatchObject({ status: 'succeeded' });
    expect([container().state, await shown()]).toEqual(['running', running]);
    const { manager } = bench.database.dataSource;
    expect(await manager.findBy(DriftFindingEntity, { hostId: world.host.id })).toEqual([]);
  });
});
