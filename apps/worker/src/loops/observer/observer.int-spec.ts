import { DriftFindingEntity, HostEntity, OperationEntity, ServerEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { SimulatedRuntime, type SimulatedHost } from '@berth/runtime';
import { eventually, makeHost, orderServer, type World } from '@berth/testing';
import { openBench, type TestBench } from '../../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;
let machine: SimulatedHost;

beforeAll(async () => (bench = await openBench()));
afterAll(async () => bench.close());

beforeEach(async () => {
  world = await bench.world({ cidr: `10.60.${networks++}.0/24` });
  machine = bench.fleet.host(world.host.id);
});
let networks = 0;

const db = () => bench.database.dataSource.manager;
const host = () => db().findOneByOrFail(HostEntity, { id: world.host.id });
const container = (server: ServerEntity) => containerIdOf(server.number);
const running = () =>
  machine
    .containers()
    .filter(({ state }) => state === 'running')
    .map(({ spec }) => spec.id);
const findings = (kind: string) => db().findBy(DriftFindingEntity, { kind, hostId: world.host.id });

async function order(
  given: Partial<ServerEntity> = {},
  input: { start?: boolean } = {},
): Promise<ServerEntity> {
  const { server, operation } = await orderServer(bench.database.dataSource, world, given, input);
  expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
  return server;
}

const becomes = (server: ServerEntity, wanted: Partial<ServerEntity>) =>
  eventually(`server ${JSON.stringify(wanted)}`, async () => {
    const now = await bench.server(server.id);
    return Object.entries(wanted).every(([key, value]) => now[key as keyof ServerEntity] === value);
  });

describe('with a worker', () => {
  beforeAll(async () => bench.worker());
  // What is down before the first boot is known of counts as crashed.
  beforeEach(async () => eventually('the boot noted', async () => (await host()).bootId !== null));

  it('notes the host as seen, prepared and of this boot', async () => {
    await eventually('boot id and time', async () => {
      const { bootId, lastSeenAt } = await host();
      return bootId !== null && lastSeenAt !== null;
    });
    expect((await host()).bootId).toBe(machine.record().bootId);
  });

  it('follows a poweroff typed inside, and a start by hand', async () => {
    const server = await order();
    machine.guestPoweroff(container(server));
    await becomes(server, { status: 'stopped', desiredState: 'stopped' });
    const fence = machine.containers()[0]!.fence;
    await new SimulatedRuntime(machine).start(container(server), { fence });
    await becomes(server, { status: 'running', desiredState: 'running' });
  });

  it('starts, after a power loss of the host, what shall run, and nothing else', async () => {
    const [second, first] = [await order({ bootOrder: 2 }), await order({ bootOrder: 1 })];
    const off = await order({}, { start: false });
    const manual = await order({ onboot: false });
    await db().update(ServerEntity, { id: off.id }, { desiredState: 'stopped' });
    const before = (await host()).bootId;
    await machine.crash();
    await eventually('unreachable', async () => !(await host()).reachable);
    expect((await host()).lastError).toMatch(/no power/);
    await machine.boot();
    await eventually('both run again', () => running().length === 2);
    for (const server of [first, second])
      await becomes(server, { status: 'running', desiredState: 'running' });
    await becomes(manual, { status: 'stopped', desiredState: 'running' });
    await eventually('the new boot', async () => {
      const { bootId, reachable, lastError } = await host();
      return bootId !== before && reachable && lastError === null;
    });
    const starts = await db().find(OperationEntity, {
      where: { kind: 'start_server', hostId: world.host.id },
      order: { createdAt: 'ASC' },
    });
    expect(starts.map(({ serverId, requestedBy }) => [serverId, requestedBy])).toEqual([
      [first.id, 'system'],
      [second.id, 'system'],
    ]);
    expect(running().sort()).toEqual([container(first), container(second)].sort());
    expect((await bench.server(off.id)).status).toBe('stopped');
  });

  it('takes a server that went down with its host during an operation for crashed, not for powered off', async () => {
    const server = await order();
    await machine.setLatency({ setHostname: 1500 });
    const operation = await bench.ask(server, 'set_hostname', { hostname: 'other' });
    await eventually('it runs', async () => (await bench.operation(operation)).status === 'running');
    await machine.crash();
    await machine.setLatency(0);
    await machine.boot();
    await bench.ended(operation);
    await eventually('started again', async () => {
      const { status, desiredState } = await bench.server(server.id);
      const state = machine.containers()[0]?.state;
      return status === 'running' && desiredState === 'running' && state === 'running';
    });
  });

  it('reports a container that it does not know, until it is gone', async () => {
    await machine.change((record) => record.templates.push('b'.repeat(64)));
    const runtime = new SimulatedRuntime(machine);
    await runtime.create(
      {
        id: 'ct999999',
        templateSha256: 'b'.repeat(64),
        hostname: 'stranger',
        idBase: 100_000,
        limits: {},
        addresses: [],
        dns: { nameservers: [], search: [] },
        sshKeys: [],
        rootPassword: null,
      },
      { fence: 1 },
    );
    const [found] = await eventually('a finding', async () => {
      const all = await findings('unknown_container');
      return all.length > 0 && all;
    });
    expect(found).toMatchObject({ subject: 'ct999999', resolvedAt: null });
    await runtime.destroy('ct999999', { fence: 1 });
    await eventually('resolved', async () => (await findings('unknown_container'))[0]?.resolvedAt);
    expect(await findings('unknown_container')).toHaveLength(1);
  });

  it('reports a container that is gone, and its server as in error, until it is back', async () => {
    const server = await order();
    const kept = bench.fleet.store.readContainer(world.host.id, container(server))!;
    bench.fleet.store.removeContainer(world.host.id, container(server));
    await becomes(server, { status: 'error' });
    expect(await findings('missing_container')).toMatchObject([
      { subject: container(server), serverId: server.id, resolvedAt: null },
    ]);
    bench.fleet.store.writeContainer(world.host.id, kept);
    await becomes(server, { status: 'running' });
    await eventually('resolved', async () => (await findings('missing_container'))[0]?.resolvedAt);
  });

  it('marks a host that is cut off as unreachable, and its return', async () => {
    const server = await order();
    await machine.cut();
    await eventually('unreachable', async () => !(await host()).reachable);
    expect((await host()).lastError).toMatch(/cut/);
    expect((await bench.server(server.id)).status).toBe('running');
    await machine.mend();
    await eventually('reachable', async () => (await host()).reachable);
    expect(await host()).toMatchObject({ lastError: null });
  });

  it('does not look at hosts that are removed, and writes nothing of them', async () => {
    await eventually('watched', async () => (await host()).observerId);
    await db().update(HostEntity, { id: world.host.id }, { state: 'removed' });
    const { lastSeenAt } = await host();
    const other = await makeHost(db(), world.location.id);
    await eventually('another is watched', async () => {
      const { lastSeenAt: seen } = await db().findOneByOrFail(HostEntity, { id: other.id });
      return seen;
    });
    const later = (await host()).lastSeenAt?.getTime() ?? 0;
    // One renewal may have been under way.
    expect(later - (lastSeenAt?.getTime() ?? later)).toBeLessThan(1000);
  });
});

it('hands hosts over to another worker, at once at shutdown', async () => {
  const [one, two] = [
    await bench.worker({ workerId: 'observer-one' }),
    await bench.worker({ workerId: 'observer-two' }),
  ];
  const hosts = () => db().findBy(HostEntity, { locationId: world.location.id });
  const observers = async () => (await hosts()).map(({ observerId }) => observerId);
  await eventually('one of all workers watches it', async () => (await observers())[0] !== null);
  await one.stop();
  await two.stop();
  expect(await observers()).not.toContain('observer-one');
  expect(await observers()).not.toContain('observer-two');
});
