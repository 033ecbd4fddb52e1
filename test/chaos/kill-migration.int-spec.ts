import type { MigrationModeName } from '@berth/contracts';
import {
  createOperation,
  DriftFindingEntity,
  HostEntity,
  inTransaction,
  reserveMigration,
  type ServerEntity,
} from '@berth/database';
import { containerIdOf, operationPlans } from '@berth/domain';
import { makeHost } from '@berth/testing';
import { SimulatedPlatform } from './simulated-platform';

jest.setTimeout(120_000);

let platform: SimulatedPlatform;
let other: HostEntity;
let server: ServerEntity;

beforeAll(async () => {
  platform = await SimulatedPlatform.open({ cidr: '10.93.0.0/24' });
  other = await makeHost(manager(), platform.world.location.id);
});
afterAll(async () => platform.close());
beforeEach(async () => {
  const worker = await platform.worker();
  const ordered = await platform.order();
  expect(await platform.ended(ordered.operationId)).toMatchObject({ status: 'succeeded' });
  server = await platform.server(ordered.server.id);
  await worker.stop();
});
afterEach(async () => platform.killWorkers());

const manager = () => platform.database.dataSource.manager;
const on = (hostId: string) =>
  platform.fleet.store.readContainer(hostId, containerIdOf(server.number))?.state ?? null;
const booked = async (hostId: string) => {
  const { usedServers, usedCpus } = await manager().findOneByOrFail(HostEntity, { id: hostId });
  return { usedServers, usedCpus };
};

function ask(mode: MigrationModeName): Promise<string> {
  return inTransaction(platform.database.dataSource, async (em) => {
    const { id: serverId, hostId, tenantId } = server;
    const input = { mode, fallback: [], bandwidth_bps: null, host_id: null };
    const fresh = { kind: 'migrate_server' as const, serverId, hostId, tenantId, input };
    const operation = await createOperation(em, { ...fresh, requestedBy: 'test', requestId: 'test' });
    await reserveMigration(em, operation, server, input);
    return operation.id;
  });
}

/** On real hosts: test/migration. Here are the books that both hosts keep, which no real host shows. */
it('kill -9 between two hosts: both account for it once', async () => {
  const fault = 'migrate_server.move_server:before';
  const before = await booked(other.id);
  const source = await booked(platform.world.host.id);
  const first = await platform.worker(fault);
  const operation = await ask('live');
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
  await platform.worker();
  expect(await platform.ended(operation)).toMatchObject({ status: 'succeeded', error: null });
  expect([on(platform.world.host.id), on(other.id)]).toEqual([null, 'running']);
  expect(await platform.server(server.id)).toMatchObject({ hostId: other.id, status: 'running' });
  expect(await booked(other.id)).toEqual({
    usedServers: before.usedServers + 1,
    usedCpus: before.usedCpus + server.cpus,
  });
  expect((await booked(platform.world.host.id)).usedServers).toBe(source.usedServers - 1);
  expect(platform.fleet.host(other.id).record().incoming ?? {}).toEqual({});
  expect(platform.fleet.violations()).toEqual([]);
  expect(await manager().find(DriftFindingEntity)).toEqual([]);
});

const undone = operationPlans.migrate_server.steps.flatMap(({ name, undoable }) =>
  undoable ? [`migrate_server.${name}:after`] : [],
);
it.each(undone)('kill -9 at %s, and the target refuses then: it goes on at the source', async (fault) => {
  await platform.fleet.host(other.id).failNext('takeOver', 'restore_failed');
  const first = await platform.worker(fault);
  const operation = await ask('live');
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
  await platform.worker();
  expect(await platform.ended(operation)).toMatchObject({
    status: 'failed',
    error: { code: 'restore_failed' },
  });
  expect([on(platform.world.host.id), on(other.id)]).toEqual(['running', null]);
  expect(await platform.server(server.id)).toMatchObject({
    hostId: platform.world.host.id,
    status: 'running',
  });
  expect(platform.fleet.violations()).toEqual([]);
});
