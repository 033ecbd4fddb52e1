import {
  createOperation,
  inTransaction,
  newId,
  type NewOperation,
  reserveSnapshot,
  ServerEntity,
  SnapshotEntity,
  TenantEntity,
} from '@berth/database';
import { containerIdOf, operationPlans } from '@berth/domain';
import { orderServer } from '@berth/testing';
import { SimulatedPlatform } from './simulated-platform';
import type { WorkerProcess } from './worker-process';

jest.setTimeout(120_000);

type Kind =
  | 'freeze_server'
  | 'unfreeze_server'
  | 'checkpoint_server'
  | 'restore_server'
  | 'create_snapshot'
  | 'delete_snapshot'
  | 'rollback_snapshot'
  | 'clone_server';

const moments = (kind: Kind) =>
  operationPlans[kind].steps.flatMap(({ name }) => [`${kind}.${name}:before`, `${kind}.${name}:after`]);

const MIB = 1024 ** 2;

let platform: SimulatedPlatform;
let server: ServerEntity;
/** The worker that lives, if one does: it is kept over tests, since starting one takes a second. */
let living: WorkerProcess | null = null;

beforeAll(async () => {
  platform = await SimulatedPlatform.open({ cidr: '10.92.0.0/24' });
});
afterAll(async () => platform.close());
beforeEach(async () => {
  living ??= await platform.worker();
  const ordered = await platform.order();
  expect(await platform.ended(ordered.operationId)).toMatchObject({ status: 'succeeded' });
  server = await platform.server(ordered.server.id);
});

const manager = () => platform.database.dataSource.manager;
const container = (of = server) =>
  platform.fleet.store.readContainer(platform.world.host.id, containerIdOf(of.number));
const onHost = () => container()!.snapshots?.map(({ id }) => id) ?? [];
const snapshot = (id: string) => manager().findOneByOrFail(SnapshotEntity, { id });
const use = (diskBytes: number) =>
  platform.fleet.store.writeContainer(platform.world.host.id, { ...container()!, use: { diskBytes } });

/** With `kill`, by a worker that dies there and another one; else by one that lives. */
async function done(ask: () => Promise<string>, kill?: string): Promise<void> {
  if (kill) {
    await living?.stop();
    living = null;
  }
  const doomed = kill ? await platform.worker(kill) : null;
  const operation = await ask();
  if (doomed) expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
  living ??= await platform.worker();
  expect(await platform.ended(operation)).toMatchObject({ status: 'succeeded', error: null });
}

async function take(kill?: string): Promise<string> {
  const id = newId();
  await done(
    () =>
      inTransaction(platform.database.dataSource, async (em) => {
        const { id: serverId, hostId, tenantId } = server;
        const input = { snapshot_id: id, memory: false };
        const fresh: NewOperation = {
          kind: 'create_snapshot',
          serverId,
          hostId,
          tenantId,
          requestedBy: 'test',
          requestId: 'test',
          input,
        };
        const operation = await createOperation(em, fresh);
        await reserveSnapshot(em, server, { id, name: `snap-${id.slice(-12)}`, memory: false });
        return operation.id;
      }),
    kill,
  );
  return id;
}

it.each(moments('create_snapshot'))('kill -9 at %s: it is taken, once', async (fault) => {
  const id = await take(fault);
  expect(onHost()).toEqual([id]);
  expect(await snapshot(id)).toMatchObject({ status: 'available' });
  const { usedSnapshotBytes } = await manager().findOneByOrFail(TenantEntity, { id: server.tenantId });
  const [{ sum }]: [{ sum: string }] = await manager().query(
    'SELECT sum(size_bytes) FROM snapshots WHERE deleted_at IS NULL',
  );
  expect(usedSnapshotBytes).toBe(Number(sum));
});

it.each(moments('delete_snapshot'))('kill -9 at %s: it is gone', async (fault) => {
  const [id, other] = [await take(), await take()];
  await done(
    () => platform.ask(server, 'delete_snapshot', { snapshot_id: id, previous: 'available' }),
    fault,
  );
  expect(onHost()).toEqual([other]);
  expect(await snapshot(id)).toMatchObject({ status: 'deleted' });
});

it.each(moments('rollback_snapshot'))('kill -9 at %s: the files are back, and it runs', async (fault) => {
  use(80 * MIB);
  const id = await take();
  use(500 * MIB);
  const input = { snapshot_id: id, memory: false, start: true };
  await done(() => platform.ask(server, 'rollback_snapshot', input), fault);
  expect(container()).toMatchObject({ state: 'running', use: { diskBytes: 80 * MIB } });
  expect((await platform.server(server.id)).status).toBe('running');
  expect(onHost()).toEqual([id]);
});

it.each(moments('clone_server'))('kill -9 at %s: there is one clone, and it runs', async (fault) => {
  use(80 * MIB);
  const id = await take();
  const before = platform.machine.containers().length;
  let clone: ServerEntity | null = null;
  await done(async () => {
    const ordered = await orderServer(platform.database.dataSource, platform.world, {}, { snapshot_id: id });
    clone = ordered.server;
    return ordered.operation.id;
  }, fault);
  expect(platform.machine.containers()).toHaveLength(before + 1);
  expect(container(clone!)).toMatchObject({ state: 'running', use: { diskBytes: 80 * MIB } });
  expect((await platform.server(clone!.id)).status).toBe('running');
  expect(platform.fleet.store.violations()).toEqual([]);
});

describe.each([
  ['freeze_server', null, 'frozen', false],
  ['unfreeze_server', 'freeze_server', 'running', false],
  ['checkpoint_server', null, 'checkpointed', true],
  ['restore_server', 'checkpoint_server', 'running', false],
] as const)('%s', (kind, first, state, checkpointed) => {
  it.each(moments(kind))('kill -9 at %s: it is done', async (fault) => {
    if (first) await done(() => platform.ask(server, first));
    await done(() => platform.ask(server, kind), fault);
    expect(container()!.state).toBe(state);
    const status = state === 'checkpointed' ? 'frozen' : state;
    expect(await platform.server(server.id)).toMatchObject({ status, checkpointed });
  });
});
