import {
  AuditEventEntity,
  createOperation,
  HostEntity,
  inTransaction,
  newId,
  reserveSnapshot,
  type ServerEntity,
  SnapshotEntity,
  TenantEntity,
} from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { eventually, orderServer, type World } from '@berth/testing';
import { openBench, type TestBench } from '../../testing/test-worker';

jest.setTimeout(60_000);

const MIB = 1024 ** 2;

let bench: TestBench;
let world: World;
let server: ServerEntity;

beforeAll(async () => {
  bench = await openBench();
  await bench.worker({ config: { snapshotIntervalMs: 200 } });
  // A second one, at the same work.
  await bench.worker({ config: { snapshotIntervalMs: 200 } });
  world = await bench.world({ cidr: '10.78.0.0/24' });
  const { server: made, operation } = await orderServer(bench.database.dataSource, world);
  await bench.ended(operation.id);
  server = await bench.server(made.id);
});
afterAll(async () => bench.close());

const em = () => bench.database.dataSource.manager;
const container = () => bench.fleet.store.readContainer(world.host.id, containerIdOf(server.number))!;
const snapshot = (id: string) => em().findOneByOrFail(SnapshotEntity, { id });
const sizeBecomes = (id: string, bytes: number) =>
  eventually(`${bytes} bytes`, async () => (await snapshot(id)).sizeBytes === bytes);

/** What the host says that the snapshot is, in all. */
function grow(id: string, sizeBytes: number): void {
  const snapshots = container().snapshots!.map((one) => (one.id === id ? { ...one, sizeBytes } : one));
  bench.fleet.store.writeContainer(world.host.id, { ...container(), snapshots });
}

async function take(): Promise<string> {
  const id = newId();
  const operation = await inTransaction(bench.database.dataSource, async (inner) => {
    const { id: serverId, hostId, tenantId } = server;
    const input = { snapshot_id: id, memory: false };
    const of = { serverId, hostId, tenantId, requestedBy: 'test', requestId: 'test', input };
    const made = await createOperation(inner, { kind: 'create_snapshot', ...of });
    await reserveSnapshot(inner, server, { id, name: `snap-${id.slice(-12)}`, memory: false });
    return made;
  });
  expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
  return id;
}

it('follows what snapshots hold, and charges tenant and host for it', async () => {
  const [first, second] = [await take(), await take()];
  const before = await em().findOneByOrFail(HostEntity, { id: world.host.id });
  const sum = (await snapshot(first)).sizeBytes + (await snapshot(second)).sizeBytes;
  grow(first, 80 * MIB);
  grow(second, 160 * MIB);
  await sizeBecomes(first, 10 * MIB);
  await sizeBecomes(second, 20 * MIB);
  const tenant = await em().findOneByOrFail(TenantEntity, { id: world.tenant.id });
  expect(tenant.usedSnapshotBytes).toBe(30 * MIB);
  const after = await em().findOneByOrFail(HostEntity, { id: world.host.id });
  expect(after.usedDiskBytes - before.usedDiskBytes).toBe(30 * MIB - sum);
});

it('goes on after the host was away', async () => {
  const id = await take();
  const machine = bench.fleet.host(world.host.id);
  await machine.cut();
  await eventually('unreachable', async () => {
    const { reachable } = await em().findOneByOrFail(HostEntity, { id: world.host.id });
    return !reachable;
  });
  grow(id, 8 * MIB);
  await machine.mend();
  await sizeBecomes(id, MIB);
});

it('marks one that is gone from its host, which can then be deleted', async () => {
  const id = await take();
  const snapshots = container().snapshots!.filter((one) => one.id !== id);
  bench.fleet.store.writeContainer(world.host.id, { ...container(), snapshots });
  await eventually('error', async () => (await snapshot(id)).status === 'error');
  expect(await em().findBy(AuditEventEntity, { targetId: id })).toMatchObject([
    { action: 'snapshot.missing' },
  ]);
  const input = { snapshot_id: id, previous: 'error' };
  expect(await bench.ended(await bench.ask(server, 'delete_snapshot', input))).toMatchObject({
    status: 'succeeded',
  });
  expect((await snapshot(id)).status).toBe('deleted');
});
