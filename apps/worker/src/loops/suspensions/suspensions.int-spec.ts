import {
  addSuspension,
  dropSuspensions,
  followSuspension,
  HostEntity,
  inTransaction,
  policyOf,
  ServerEntity,
  SnapshotEntity,
  TenantEntity,
} from '@berth/database';
import type { SuspensionPolicy } from '@berth/contracts';
import { containerIdOf } from '@berth/domain';
import { eventually, type World } from '@berth/testing';
import { openBench, type TestBench } from '../../testing/test-worker';
import { SuspensionKeeping } from './suspension-keeping';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;
let server: ServerEntity;
let networks = 0;

beforeAll(async () => {
  bench = await openBench();
  await bench.worker();
});
afterAll(async () => bench.close());
beforeEach(async () => {
  world = await bench.world({ cidr: `10.78.${networks++}.0/24` });
  server = await bench.ordered(world);
});

const container = () => bench.fleet.store.readContainer(world.host.id, containerIdOf(server.number))!;
const seen = () => [container().state, container().networkCut ?? false];
const keeping = () => new SuspensionKeeping(bench.database.dataSource);

const change = (work: (em: Parameters<typeof addSuspension>[0], locked: ServerEntity) => Promise<void>) =>
  inTransaction(bench.database.dataSource, async (em) => {
    const lock = { mode: 'pessimistic_write' } as const;
    const locked = await em.findOneOrFail(ServerEntity, { where: { id: server.id }, lock });
    const before = policyOf(locked.suspension);
    await work(em, locked);
    return followSuspension(em, locked, before, { requestedBy: 'test', requestId: 'test' });
  });
const suspend = async (policy: SuspensionPolicy) => {
  const { id } = await change((em, locked) => addSuspension(em, locked, 'server', { reason: null, policy }));
  return bench.ended(id);
};
const unsuspend = async () => {
  const { id } = await change((em, locked) => dropSuspensions(em, locked, ['server', 'termination']));
  return bench.ended(id);
};
const status = async () => (await bench.server(server.id)).status;
const becomes = (wanted: string) =>
  eventually(`status ${wanted}`, async () => (await status()) === wanted, { timeoutMs: 20_000 });

it('stops a server, and starts it again', async () => {
  expect(await suspend('stop')).toMatchObject({ status: 'succeeded', error: null });
  expect([await status(), seen()]).toEqual(['suspended', ['stopped', true]]);
  expect(await unsuspend()).toMatchObject({ status: 'succeeded', error: null });
  expect([await status(), seen()]).toEqual(['running', ['running', false]]);
});

it('cuts its network, then stops it as well, and leaves what was stopped before stopped', async () => {
  await suspend('network');
  expect([await status(), seen()]).toEqual(['suspended', ['running', true]]);
  await suspend('stop');
  expect([await status(), seen()]).toEqual(['suspended', ['stopped', true]]);
  await unsuspend();
  await bench.ended(await bench.ask(server, 'stop_server', { timeout_s: 1 }));
  await bench.database.dataSource.manager.update(
    ServerEntity,
    { id: server.id },
    { desiredState: 'stopped' },
  );
  await suspend('network');
  await unsuspend();
  expect([await status(), seen()]).toEqual(['stopped', ['stopped', false]]);
});

it('a host that boots does not start it', async () => {
  await suspend('stop');
  const machine = bench.fleet.host(world.host.id);
  const { manager } = bench.database.dataSource;
  const host = () => manager.findOneByOrFail(HostEntity, { id: world.host.id });
  // Another server of the host shows when its recovery is over.
  const other = await bench.ordered(world);
  const { bootId } = await host();
  await machine.crash();
  await machine.boot();
  await eventually('the boot noted', async () => (await host()).bootId !== bootId, { timeoutMs: 20_000 });
  const otherContainer = containerIdOf(other.number);
  const running = () => bench.fleet.store.readContainer(world.host.id, otherContainer)?.state === 'running';
  await eventually('the other one runs again', running, { timeoutMs: 20_000 });
  expect([await status(), seen()]).toEqual(['suspended', ['stopped', true]]);
});

it('goes on until it is so, where the host refused at first', async () => {
  await bench.fleet.host(world.host.id).failNext('stop', 'unsupported');
  expect(await suspend('stop')).toMatchObject({ status: 'failed' });
  expect(await status()).toBe('running');
  expect(await keeping().keep(60_000)).toBe(0);
  expect(await keeping().keep(0)).toBe(1);
  await becomes('suspended');
  expect(container().state).toBe('stopped');
});

it('takes a last snapshot, and deletes it when its grace is over', async () => {
  const { manager } = bench.database.dataSource;
  const terminate = (at: Date) =>
    change((em, locked) =>
      addSuspension(em, locked, 'termination', {
        reason: 'gone',
        policy: 'stop',
        termination: { at, snapshot: true },
      }),
    );
  await terminate(new Date(Date.now() + 3_600_000));
  const snapshot = await eventually(
    'the last snapshot',
    () => manager.findOneBy(SnapshotEntity, { serverId: server.id, status: 'available' }),
    { timeoutMs: 20_000 },
  );
  expect(snapshot.name).toMatch(/^final-/);
  expect([await status(), seen()]).toEqual(['suspended', ['stopped', true]]);
  expect((await bench.server(server.id)).finalSnapshot).toBe(false);
  await manager.update(ServerEntity, { id: server.id }, { terminateAt: new Date() });
  await becomes('deleted');
  expect(container()).toBeNull();
});

it('a quota without room for the last snapshot does not hold its end up', async () => {
  const { manager } = bench.database.dataSource;
  await manager.update(TenantEntity, { id: world.tenant.id }, { quotaSnapshots: 0 });
  const at = new Date(Date.now() + 1500);
  await change((em, locked) =>
    addSuspension(em, locked, 'termination', {
      reason: null,
      policy: 'stop',
      termination: { at, snapshot: true },
    }),
  );
  await becomes('deleted');
  const skipped: { details: { why: string } }[] = await manager.query(
    `SELECT details FROM audit_events WHERE target_id = $1 AND action = 'server.final_snapshot_skipped'`,
    [server.id],
  );
  // Where the grace was over first there was nothing to skip.
  expect(skipped.length).toBeLessThanOrEqual(1);
});
