import {
  createOperationInLine,
  DriftFindingEntity,
  inTransaction,
  requestCancel,
  type ServerEntity,
} from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { SimulatedFleet, type SimulatedHost } from '@berth/runtime';
import { eventually, orderServer, type World } from '@berth/testing';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;
let machine: SimulatedHost;
let networks = 0;

beforeAll(async () => (bench = await openBench()));
afterAll(async () => bench.close());
beforeEach(async () => {
  world = await bench.world({ cidr: `10.70.${networks++}.0/24` });
  machine = bench.fleet.host(world.host.id);
});

const order = () => orderServer(bench.database.dataSource, world);
const containerOf = (server: ServerEntity) =>
  bench.fleet.store.readContainer(world.host.id, containerIdOf(server.number));
const held = async (server: ServerEntity) =>
  bench.database.dataSource.query('SELECT 1 FROM addresses WHERE server_id = $1', [server.id]) as Promise<
    unknown[]
  >;
const cancel = (operationId: string) =>
  inTransaction(bench.database.dataSource, (em) => requestCancel(em, operationId));
const stepUnderWay = (operationId: string, name: string) =>
  eventually(`${name} under way`, async () =>
    (await bench.steps(operationId)).some((step) => step.name === name && step.status === 'running'),
  );

async function runningServer(): Promise<ServerEntity> {
  const { server, operation } = await order();
  expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
  return bench.server(server.id);
}

describe('with one worker', () => {
  beforeAll(async () => bench.worker());

  it('tries again what the host may get over, and says so in the step', async () => {
    await machine.failNext('start', 'busy', { count: 2 });
    const { server, operation } = await order();
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
    const create = (await bench.steps(operation.id))[1];
    expect(create).toMatchObject({ status: 'succeeded', attempt: 3, error: null });
    expect(create?.log).toMatch(/busy: .*a simulated failure/);
    expect(containerOf(server)?.state).toBe('running');
  });

  it('takes a lost answer for what it is: the change may have been made', async () => {
    await machine.failNext('create', 'unreachable', { after: true });
    await machine.failNext('start', 'timeout', { after: true });
    const { server, operation } = await order();
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
    expect(containerOf(server)?.state).toBe('running');
  });

  it('undoes an order that cannot be done; it keeps its reservation, for a retry or a delete', async () => {
    await machine.failNext('start', 'command_failed');
    const { server, operation } = await order();
    expect(await bench.ended(operation.id)).toMatchObject({
      status: 'failed',
      error: { code: 'command_failed', step: 'create_container', details: { host: world.host.name } },
    });
    expect((await bench.server(server.id)).status).toBe('error');
    expect(containerOf(server)).toBeNull();
    expect(await held(server)).toHaveLength(1);
    const statuses = (await bench.steps(operation.id)).map(({ status }) => status);
    expect(statuses).toEqual(['succeeded', 'undone', 'pending']);
    const deletion = await bench.ended(await bench.ask(server, 'delete_server'));
    expect(deletion).toMatchObject({ status: 'succeeded' });
    expect(await held(server)).toEqual([]);
  });

  it('imports a template anew that the host has lost, though the worker has seen it there', async () => {
    await runningServer();
    await machine.change((record) => {
      record.templates = [];
    });
    const server = await runningServer();
    expect(containerOf(server)?.state).toBe('running');
  });

  it.each([
    ['template_corrupt', { sha256: 'c'.repeat(64) }],
    ['template_unavailable', { source: 'file:///nowhere/at/all.tar' }],
    ['template_source_refused', { source: 'file:///etc/passwd' }],
  ])('ends an order with %s', async (code, template) => {
    world = await bench.world({ cidr: `10.71.${networks++}.0/24`, template });
    const { server, operation } = await order();
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'failed', error: { code } });
    expect(containerOf(server)).toBeNull();
  });

  it('cancels an order under way, and gives back what it held', async () => {
    await machine.setLatency({ start: 20_000 });
    const { server, operation } = await order();
    await stepUnderWay(operation.id, 'create_container');
    await cancel(operation.id);
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'cancelled', error: null });
    expect((await bench.server(server.id)).status).toBe('deleted');
    expect(containerOf(server)).toBeNull();
    expect(await held(server)).toEqual([]);
  });

  it('does not cancel a stop that has begun', async () => {
    const server = await runningServer();
    await machine.setLatency({ stop: 1500 });
    const operationId = await bench.ask(server, 'stop_server', { timeout_s: 5 });
    await stepUnderWay(operationId, 'stop_container');
    await cancel(operationId);
    expect(await bench.ended(operationId)).toMatchObject({ status: 'succeeded' });
    expect(containerOf(server)?.state).toBe('stopped');
  });

  it('a delete behind an order that runs stops the order, and leaves nothing', async () => {
    await machine.setLatency({ start: 20_000 });
    const { server, operation } = await order();
    await stepUnderWay(operation.id, 'create_container');
    const deletion = await inTransaction(bench.database.dataSource, (em) =>
      createOperationInLine(em, {
        kind: 'delete_server',
        serverId: server.id,
        hostId: server.hostId,
        tenantId: server.tenantId,
        requestedBy: 'test',
        requestId: 'test',
        input: {},
      }),
    );
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'cancelled' });
    expect(await bench.ended(deletion.id)).toMatchObject({ status: 'succeeded' });
    expect((await bench.server(server.id)).status).toBe('deleted');
    expect(containerOf(server)).toBeNull();
    expect(await held(server)).toEqual([]);
  });

  it('a delete waits for a host that is cut off, and ends when it is back', async () => {
    const server = await runningServer();
    await machine.cut();
    const operationId = await bench.ask(server, 'delete_server');
    await eventually('a failed try', async () => ((await bench.steps(operationId))[0]?.attempt ?? 0) > 1);
    await machine.mend();
    expect(await bench.ended(operationId)).toMatchObject({ status: 'succeeded' });
    expect(containerOf(server)).toBeNull();
  });

  it('deletes what was on a host that is gone for good', async () => {
    const server = await runningServer();
    await machine.crash();
    await bench.database.dataSource.query(`UPDATE hosts SET state = 'removed' WHERE id = $1`, [
      world.host.id,
    ]);
    const operation = await bench.ended(await bench.ask(server, 'delete_server'));
    expect(operation).toMatchObject({ status: 'succeeded' });
    expect((await bench.steps(operation.id))[1]?.log).toMatch(/was removed/);
    expect(await held(server)).toEqual([]);
  });

  it('sets the old hostname again when the new one could not be kept', async () => {
    const server = await runningServer();
    await machine.failNext('setHostname', 'no_space', { after: true });
    const operation = await bench.ended(await bench.ask(server, 'set_hostname', { hostname: 'other' }));
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'no_space' } });
    expect(containerOf(server)?.spec.hostname).toBe(server.hostname);
    expect((await bench.server(server.id)).hostname).toBe(server.hostname);
  });

  it('shows operators what could not be taken back', async () => {
    await machine.failNext('start', 'command_failed');
    await machine.failNext('destroy', 'command_failed');
    const { server, operation } = await order();
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'failed' });
    const findings = await bench.database.dataSource.manager.findBy(DriftFindingEntity, {
      serverId: server.id,
    });
    expect(findings).toMatchObject([{ kind: 'undo_failed', resolvedAt: null }]);
  });
});

describe('with workers that come and go', () => {
  // Those of the group above would take the work.
  beforeAll(async () => {
    await bench.close();
    bench = await openBench();
  });

  it('a worker that stops gives its work to the next, at once', async () => {
    await machine.setLatency({ create: 3000 });
    const first = await bench.worker({ config: { shutdownTimeoutMs: 100, operationLeaseMs: 60_000 } });
    const { server, operation } = await order();
    await stepUnderWay(operation.id, 'create_container');
    await first.stop();
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'pending', leaseUntil: null });
    await machine.setLatency(0);
    const second = await bench.worker();
    expect(await bench.ended(operation.id)).toMatchObject({ status: 'succeeded' });
    expect(containerOf(server)?.state).toBe('running');
    await second.stop();
  });

  it('a worker that stops lets short work end first', async () => {
    await machine.setLatency({ create: 300 });
    const worker = await bench.worker();
    const { operation } = await order();
    await stepUnderWay(operation.id, 'create_container');
    await worker.stop();
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'succeeded' });
  });

  it('a worker that was replaced does no harm: neither on the host nor in the database', async () => {
    // The old worker's view of the same hosts: its calls take long, as over a line that stalls.
    const stalled = new SimulatedFleet(bench.fleet.store);
    await machine.setLatency({ create: 4000 });
    const old = await bench.worker({ fleet: stalled, workerId: 'old' });
    const { server, operation } = await order();
    await stepUnderWay(operation.id, 'create_container');
    // It stops renewing its lease, as a process that hangs would.
    await bench.database.dataSource.query(
      `UPDATE operations SET lease_until = clock_timestamp() - interval '1 second', fence = nextval('operation_fence'),
              worker_id = 'new' WHERE id = $1`,
      [operation.id],
    );
    await machine.setLatency(0);
    await eventually('the operation to be taken over', async () => {
      const { status } = await bench.operation(operation.id);
      return status === 'succeeded';
    });
    const { fence } = await bench.operation(operation.id);
    expect(containerOf(server)).toMatchObject({ state: 'running', fence });
    // The old one's create would have given the container its own, lower fence.
    await old.stop();
    expect(containerOf(server)).toMatchObject({ state: 'running', fence });
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'succeeded', fence });
  });
});
