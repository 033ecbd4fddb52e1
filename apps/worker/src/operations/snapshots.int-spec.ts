import {
  createOperation,
  DriftFindingEntity,
  HostEntity,
  inTransaction,
  newId,
  requestCancel,
  reserveSnapshot,
  seal,
  ServerEntity,
  SnapshotEntity,
  TemplateEntity,
  TenantEntity,
} from '@berth/database';
import { containerIdOf, idBaseOf } from '@berth/domain';
import type { SimulatedHost } from '@berth/runtime';
import { eventually, orderServer, type World } from '@berth/testing';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

const MIB = 1024 ** 2;

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
  world = await bench.world({ cidr: `10.76.${networks++}.0/24` });
  machine = bench.fleet.host(world.host.id);
  server = await bench.ordered(world);
});

const em = () => bench.database.dataSource.manager;
const container = (of = server) => bench.fleet.store.readContainer(world.host.id, containerIdOf(of.number));
const row = () => bench.server(server.id);
const ask = async (...what: Parameters<TestBench['ask']>) => bench.ended(await bench.ask(...what));
const use = (guest: object) =>
  bench.fleet.store.writeContainer(world.host.id, { ...container()!, use: guest });
const snapshot = (id: string) => em().findOneByOrFail(SnapshotEntity, { id });
const onHost = () => (container()?.snapshots ?? []).map(({ id }) => id);
const tenant = () => em().findOneByOrFail(TenantEntity, { id: world.tenant.id });

/** As the API asks for it. */
async function request(memory = false): Promise<{ id: string; operationId: string }> {
  return inTransaction(bench.database.dataSource, async (inner) => {
    const { id: serverId, hostId, tenantId } = server;
    const now = await inner.findOneByOrFail(ServerEntity, { id: serverId });
    const id = newId();
    await reserveSnapshot(inner, now, { id, name: `snap-${id.slice(-12)}`, memory });
    const operation = await createOperation(inner, {
      kind: 'create_snapshot',
      serverId,
      hostId,
      tenantId,
      requestedBy: 'test',
      requestId: 'test',
      input: { snapshot_id: id, memory },
    });
    return { id, operationId: operation.id };
  });
}

async function take(memory = false): Promise<string> {
  const { id, operationId } = await request(memory);
  expect(await bench.ended(operationId)).toMatchObject({ status: 'succeeded', error: null });
  return id;
}

const remove = (id: string) => ask(server, 'delete_snapshot', { snapshot_id: id, previous: 'available' });
const rollBack = (id: string, input: object = {}) =>
  ask(server, 'rollback_snapshot', { snapshot_id: id, memory: false, start: true, ...input });

describe('create_snapshot', () => {
  it('takes it of a running server, and notes its size, which tenant and host are charged with', async () => {
    use({ diskBytes: 80 * MIB });
    const before = await em().findOneByOrFail(HostEntity, { id: world.host.id });
    const id = await take();
    expect(onHost()).toEqual([id]);
    expect(await snapshot(id)).toMatchObject({ status: 'available', sizeBytes: 10 * MIB, memory: false });
    expect(await tenant()).toMatchObject({ usedSnapshots: 1, usedSnapshotBytes: 10 * MIB });
    const after = await em().findOneByOrFail(HostEntity, { id: world.host.id });
    expect(after.usedDiskBytes - before.usedDiskBytes).toBe(10 * MIB);
    expect((await row()).status).toBe('running');
  });

  it('leaves nothing where the host failed after it had taken it', async () => {
    await machine.failNext('createSnapshot', 'command_failed', { after: true });
    const { id, operationId } = await request();
    expect(await bench.ended(operationId)).toMatchObject({
      status: 'failed',
      error: { code: 'command_failed', step: 'take_snapshot' },
    });
    expect(onHost()).toEqual([]);
    expect(await snapshot(id)).toMatchObject({ status: 'deleted' });
    expect(await tenant()).toMatchObject({ usedSnapshots: 0, usedSnapshotBytes: 0 });
  });

  it('takes a lost answer for what it is', async () => {
    await machine.failNext('createSnapshot', 'unreachable', { after: true });
    expect(onHost()).toEqual([]);
    const id = await take();
    expect(onHost()).toEqual([id]);
  });

  it('shows what could not be taken back, as a snapshot that can only be deleted', async () => {
    await machine.failNext('createSnapshot', 'command_failed', { after: true });
    await machine.failNext('deleteSnapshot', 'command_failed');
    const { id, operationId } = await request();
    expect(await bench.ended(operationId)).toMatchObject({ status: 'failed' });
    expect(await snapshot(id)).toMatchObject({ status: 'error', deletedAt: null });
    expect(await em().findBy(DriftFindingEntity, { operationId })).toMatchObject([{ kind: 'undo_failed' }]);
    expect(await remove(id)).toMatchObject({ status: 'succeeded' });
    expect(onHost()).toEqual([]);
    expect(await snapshot(id)).toMatchObject({ status: 'deleted' });
  });

  it('can be cancelled, and leaves nothing', async () => {
    await machine.setLatency({ createSnapshot: 20_000 });
    const { id, operationId } = await request();
    await eventually('the step', async () => (await bench.steps(operationId))[0]?.status === 'running');
    await inTransaction(bench.database.dataSource, (inner) => requestCancel(inner, operationId));
    expect(await bench.ended(operationId)).toMatchObject({ status: 'cancelled' });
    expect(await snapshot(id)).toMatchObject({ status: 'deleted' });
    expect(onHost()).toEqual([]);
  });
});

describe('delete_snapshot', () => {
  it('removes it from host, database and quota', async () => {
    const [first, second] = [await take(), await take()];
    expect(await remove(first)).toMatchObject({ status: 'succeeded' });
    expect(onHost()).toEqual([second]);
    expect(await snapshot(first)).toMatchObject({ status: 'deleted' });
    expect(await tenant()).toMatchObject({ usedSnapshots: 1 });
  });

  it('tries again what the host stumbles over', async () => {
    const id = await take();
    await machine.failNext('deleteSnapshot', 'command_failed', { count: 3 });
    expect(await remove(id)).toMatchObject({ status: 'succeeded' });
    expect(onHost()).toEqual([]);
  });

  it('that fails for good leaves it to be deleted again', async () => {
    const id = await take();
    await machine.failNext('deleteSnapshot', 'unsupported');
    expect(await remove(id)).toMatchObject({ status: 'failed', error: { step: 'remove_snapshot' } });
    expect(await snapshot(id)).toMatchObject({ status: 'error' });
    expect(await remove(id)).toMatchObject({ status: 'succeeded' });
  });
});

describe('rollback_snapshot', () => {
  it('brings the files back; the server runs, with its settings of today', async () => {
    use({ diskBytes: 80 * MIB });
    const id = await take();
    use({ diskBytes: 500 * MIB });
    await ask(server, 'set_hostname', { hostname: 'later' });
    expect(await rollBack(id)).toMatchObject({ status: 'succeeded', error: null });
    expect(container()).toMatchObject({
      state: 'running',
      use: { diskBytes: 80 * MIB },
      spec: { hostname: 'later' },
    });
    expect((await row()).status).toBe('running');
    expect(onHost()).toEqual([id]);
  });

  it('leaves a stopped server stopped', async () => {
    const id = await take();
    await ask(server, 'stop_server', { timeout_s: 1 });
    expect(await rollBack(id, { start: false })).toMatchObject({ status: 'succeeded' });
    expect([(await row()).status, container()!.state]).toEqual(['stopped', 'stopped']);
  });

  it('ends a checkpoint', async () => {
    const id = await take();
    await ask(server, 'checkpoint_server');
    expect(await rollBack(id, { start: false })).toMatchObject({ status: 'succeeded' });
    expect(container()!.state).toBe('stopped');
    expect(await row()).toMatchObject({ status: 'stopped', checkpointed: false });
  });

  it('starts what a worker had left stopped half-way', async () => {
    const id = await take();
    await machine.failNext('rollbackSnapshot', 'unreachable');
    bench.fleet.store.writeContainer(world.host.id, { ...container()!, state: 'stopped', pid: null });
    expect(await rollBack(id)).toMatchObject({ status: 'succeeded' });
    expect([(await row()).status, container()!.state]).toEqual(['running', 'running']);
  });

  it('goes on where it was, with memory', async () => {
    const id = await take(true);
    await ask(server, 'stop_server', { timeout_s: 1 });
    expect(await rollBack(id, { memory: true })).toMatchObject({ status: 'succeeded' });
    expect([(await row()).status, container()!.state]).toEqual(['running', 'running']);
  });

  it('goes back to the template that the snapshot was made of', async () => {
    const id = await take();
    const other = em().create(TemplateEntity, {
      ...world.template,
      id: newId(),
      name: `other-${newId().slice(-8)}`,
    });
    await em().save(other);
    await em().update(ServerEntity, { id: server.id }, { templateId: other.id });
    await rollBack(id);
    expect((await row()).templateId).toBe(world.template.id);
  });

  it('that fails leaves the server as it was', async () => {
    use({ diskBytes: 80 * MIB });
    const id = await take();
    use({ diskBytes: 500 * MIB });
    await machine.failNext('rollbackSnapshot', 'no_space');
    expect(await rollBack(id)).toMatchObject({
      status: 'failed',
      error: { code: 'no_space', step: 'roll_back_container' },
    });
    expect(container()).toMatchObject({ state: 'running', use: { diskBytes: 500 * MIB } });
    expect((await row()).status).toBe('running');
  });

  it('does nothing with a snapshot that is none any more', async () => {
    const id = await take();
    await em().update(SnapshotEntity, { id }, { status: 'error' });
    const before = container();
    expect(await rollBack(id)).toMatchObject({ status: 'failed', error: { code: 'not_found' } });
    expect(container()).toEqual(before);
  });
});

describe('clone_server', () => {
  const clone = async (id: string, input: object = {}, given: Partial<ServerEntity> = {}) => {
    const of = { snapshot_id: id, ...input };
    const { server: made, operation } = await orderServer(bench.database.dataSource, world, given, of);
    return { operation: await bench.ended(operation.id), made: await bench.server(made.id) };
  };

  it('is a server of its own: files, but another name, address, id range, password', async () => {
    use({ diskBytes: 80 * MIB });
    const id = await take();
    use({ diskBytes: 500 * MIB });
    const sealed = await seal(bench.keys.publicKey, 'correct horse');
    const { operation, made } = await clone(id, { sealed_root_password: sealed });
    expect(operation).toMatchObject({ status: 'succeeded', error: null, kind: 'clone_server' });
    expect(operation.input).not.toHaveProperty('sealed_root_password');
    expect(made.status).toBe('running');
    const copy = container(made)!;
    expect(copy).toMatchObject({ state: 'running', use: { diskBytes: 80 * MIB } });
    expect(copy.passwordHash).not.toBe(container()!.passwordHash);
    expect(copy.spec).toMatchObject({ hostname: made.hostname, idBase: idBaseOf(made.idSlot) });
    expect(copy.spec.idBase).not.toBe(container()!.spec.idBase);
    expect(copy.spec.addresses).not.toEqual(container()!.spec.addresses);
    expect(bench.fleet.store.violations()).toEqual([]);
    expect(container()!.state).toBe('running');
  });

  it('stays stopped where so ordered', async () => {
    const { made } = await clone(await take(), { start: false });
    expect([made.status, container(made)!.state]).toEqual(['stopped', 'stopped']);
  });

  it('that fails leaves nothing on the host, and its order to be deleted', async () => {
    const id = await take();
    await machine.failNext('clone', 'no_space', { after: true });
    const { operation, made } = await clone(id);
    expect(operation).toMatchObject({
      status: 'failed',
      error: { code: 'no_space', step: 'clone_container' },
    });
    expect(container(made)).toBeNull();
    expect(made.status).toBe('error');
    expect(await ask(made, 'delete_server')).toMatchObject({ status: 'succeeded' });
    expect(onHost()).toEqual([id]);
  });

  it('takes a lost answer for what it is', async () => {
    await machine.failNext('clone', 'timeout', { after: true });
    const { operation, made } = await clone(await take());
    expect(operation).toMatchObject({ status: 'succeeded' });
    expect(container(made)!.state).toBe('running');
  });

  it('of a snapshot that is gone fails', async () => {
    const id = await take();
    await remove(id);
    const { operation, made } = await clone(id);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'not_found' } });
    expect(container(made)).toBeNull();
  });
});

it('deletes the snapshots with their server, and gives back what they counted for', async () => {
  const [first, second] = [await take(), await take()];
  const before = await em().findOneByOrFail(HostEntity, { id: world.host.id });
  const { sizeBytes } = await snapshot(first);
  expect(await ask(server, 'delete_server')).toMatchObject({ status: 'succeeded' });
  expect(container()).toBeNull();
  for (const id of [first, second]) expect(await snapshot(id)).toMatchObject({ status: 'deleted' });
  expect(await tenant()).toMatchObject({ usedSnapshots: 0, usedSnapshotBytes: 0, usedServers: 0 });
  const after = await em().findOneByOrFail(HostEntity, { id: world.host.id });
  expect(before.usedDiskBytes - after.usedDiskBytes).toBe(server.diskBytes + 2 * sizeBytes);
});
