import type { Limits } from '@berth/contracts';
import {
  addAddress,
  addressesOf,
  createOperation,
  DriftFindingEntity,
  inTransaction,
  newId,
  requestCancel,
  reserveResize,
  seal,
  ServerEntity,
  TemplateEntity,
} from '@berth/database';
import { containerIdOf, limitsChange } from '@berth/domain';
import type { SimulatedHost } from '@berth/runtime';
import { eventually, testLimits, type World } from '@berth/testing';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

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
  world = await bench.world({ cidr: `10.75.${networks++}.0/24` });
  machine = bench.fleet.host(world.host.id);
  server = await bench.ordered(world);
});

const container = () => bench.fleet.store.readContainer(world.host.id, containerIdOf(server.number))!;
const row = () => bench.server(server.id);
const ask = async (...what: Parameters<TestBench['ask']>) => bench.ended(await bench.ask(...what));
const use = (guest: object) =>
  bench.fleet.store.writeContainer(world.host.id, { ...container(), use: guest });
const accounted = async () => {
  const { cpus, ramBytes, diskBytes } = await row();
  return { cpus, ramBytes, diskBytes };
};

/** As the API asks for it; gives the operation's id. */
async function resize(wanted: Limits, planId: string | null = null): Promise<string> {
  const change = limitsChange(server.limits, wanted);
  return inTransaction(bench.database.dataSource, async (em) => {
    const { id } = await createOperation(em, {
      kind: 'resize_server',
      serverId: server.id,
      hostId: server.hostId,
      tenantId: server.tenantId,
      requestedBy: 'test',
      requestId: 'test',
      input: { ...change, plan_id: planId },
    });
    await reserveResize(em, await em.findOneByOrFail(ServerEntity, { id: server.id }), change.limits);
    return id;
  });
}

/** Database, configuration and kernel say the same; and what is accounted for follows from it. */
async function expectLimits(expected: Limits): Promise<void> {
  expect((await row()).limits).toEqual(expected);
  expect(container().spec.limits).toEqual(expected);
  expect(container().live).toEqual(expected);
  expect(await accounted()).toEqual({
    cpus: expected.cpus ?? (expected.cpu_limit_percent ?? 100) / 100,
    ramBytes: expected.ram_bytes ?? GIB,
    diskBytes: expected.disk_bytes ?? 10 * GIB,
  });
}

describe('resize_server', () => {
  it('changes host and database; gives back what it shrank by, and changes the plan', async () => {
    const operation = await bench.ended(
      await resize({ ram_bytes: 128 * MIB, disk_bytes: 2 * GIB, num_proc: null }, world.plan.id),
    );
    expect(operation).toMatchObject({ status: 'succeeded', error: null });
    const { num_proc: _lifted, ...rest } = testLimits;
    await expectLimits({ ...rest, ram_bytes: 128 * MIB, disk_bytes: 2 * GIB });
  });

  it('ends with limit_too_low where more is in use, and nothing has changed', async () => {
    use({ diskBytes: 700 * MIB });
    const operation = await bench.ended(await resize({ disk_bytes: 500 * MIB, ram_bytes: GIB }));
    expect(operation).toMatchObject({
      status: 'failed',
      error: {
        code: 'limit_too_low',
        step: 'apply_limits',
        details: { limit: 'disk_bytes', used: 700 * MIB, requested: 500 * MIB },
      },
    });
    await expectLimits(testLimits);
  });

  it('puts all back where the host failed after it had changed', async () => {
    await machine.failNext('applyLimits', 'command_failed', { after: true });
    const operation = await bench.ended(await resize({ ram_bytes: GIB, num_proc: 99 }));
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'command_failed' } });
    expect((await bench.steps(operation.id))[0]).toMatchObject({ status: 'undone' });
    await expectLimits(testLimits);
  });

  it('leaves the guest what it has grown into, where that can not be put back', async () => {
    use({ diskBytes: 1500 * MIB });
    await machine.failNext('applyLimits', 'command_failed', { after: true });
    const operation = await bench.ended(await resize({ disk_bytes: 2 * GIB, ram_bytes: GIB }));
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'command_failed' } });
    await expectLimits({ ...testLimits, disk_bytes: 2 * GIB });
    expect((await bench.steps(operation.id))[0]?.log).toMatch(/disk_bytes can't go back/);
  });

  it('keeps the reservation of what could not be taken back, and shows it to operators', async () => {
    await machine.failNext('applyLimits', 'command_failed', { after: true });
    await machine.failNext('applyLimits', 'command_failed');
    const operation = await bench.ended(await resize({ ram_bytes: GIB }));
    expect(operation).toMatchObject({ status: 'failed' });
    expect(await accounted()).toMatchObject({ ramBytes: GIB });
    const { manager } = bench.database.dataSource;
    const findings = await manager.findBy(DriftFindingEntity, { operationId: operation.id });
    expect(findings).toMatchObject([{ kind: 'undo_failed' }]);
  });

  it('tries again while the host does not answer, and takes a lost answer for what it is', async () => {
    await machine.failNext('applyLimits', 'unreachable', { after: true });
    const operation = await bench.ended(await resize({ ram_bytes: GIB }));
    expect(operation).toMatchObject({ status: 'succeeded' });
    await expectLimits({ ...testLimits, ram_bytes: GIB });
  });

  it('gives back what it had reserved when it is cancelled before it began', async () => {
    const { dataSource } = bench.database;
    const operationId = await inTransaction(dataSource, async (em) => {
      const change = limitsChange(server.limits, { ram_bytes: GIB });
      const { id } = await createOperation(em, {
        kind: 'resize_server',
        serverId: server.id,
        hostId: server.hostId,
        tenantId: server.tenantId,
        requestedBy: 'test',
        requestId: 'test',
        input: { ...change, plan_id: null },
      });
      await reserveResize(em, server, change.limits);
      await requestCancel(em, id);
      return id;
    });
    expect(await bench.ended(operationId)).toMatchObject({ status: 'cancelled', error: null });
    await expectLimits(testLimits);
  });

  it('resizes what is stopped: it starts with the new limits', async () => {
    await ask(server, 'stop_server', { timeout_s: 1 });
    expect(await bench.ended(await resize({ ram_bytes: GIB }))).toMatchObject({ status: 'succeeded' });
    expect((await row()).status).toBe('stopped');
    expect(container().live).toBeNull();
    await ask(server, 'start_server');
    await expectLimits({ ...testLimits, ram_bytes: GIB });
  });
});

describe('features and devices', () => {
  it('come and go on the host and in the database', async () => {
    for (const feature of ['tun', 'fuse', 'tun'] as const) {
      expect(await ask(server, 'enable_feature', { feature })).toMatchObject({ status: 'succeeded' });
    }
    expect((await row()).features).toEqual(['fuse', 'tun']);
    expect(container().spec.features).toEqual(['fuse', 'tun']);
    await ask(server, 'disable_feature', { feature: 'fuse' });
    expect([(await row()).features, container().spec.features]).toEqual([['tun'], ['tun']]);
    await ask(server, 'add_device', { device: '/dev/ttyS0', access: 'rw' });
    await ask(server, 'add_device', { device: '/dev/ttyS1', access: 'r' });
    await ask(server, 'add_device', { device: '/dev/ttyS0', access: 'r' });
    const devices = ['/dev/ttyS1', '/dev/ttyS0'].map((device) => ({ device, access: 'r' }));
    expect([(await row()).devices, container().spec.devices]).toEqual([devices, devices]);
    await ask(server, 'remove_device', { device: '/dev/ttyS1' });
    expect([(await row()).devices, container().spec.devices]).toEqual([[devices[1]], [devices[1]]]);
  });

  it.each([
    ['enable_feature', { feature: 'tun' }, 'setFeatures'],
    ['add_device', { device: '/dev/ttyS0', access: 'rw' }, 'setDevices'],
  ] as const)('%s that fails leaves nothing', async (kind, input, method) => {
    await machine.failNext(method, 'device_in_use', { after: true });
    const operation = await ask(server, kind, input);
    expect(operation).toMatchObject({ status: 'failed', error: { code: 'device_in_use' } });
    expect(await row()).toMatchObject({ features: [], devices: [] });
    expect(container().spec).toMatchObject({ features: [], devices: [] });
  });
});

describe('addresses', () => {
  const addresses = () => addressesOf(bench.database.dataSource.manager, server.id);
  const onHost = () => container().spec.addresses.map(({ address }) => address);
  const add = async () =>
    inTransaction(bench.database.dataSource, async (em) => {
      const { address } = await addAddress(em, server, 4);
      const { id: serverId, hostId, tenantId } = server;
      const fresh = {
        serverId,
        hostId,
        tenantId,
        requestedBy: 'test',
        requestId: 'test',
        input: { address },
      };
      return { address, id: (await createOperation(em, { kind: 'add_address', ...fresh })).id };
    });

  it('come and go; where the primary goes, the oldest left takes its place', async () => {
    const [first] = await addresses();
    const second = await add();
    expect(await bench.ended(second.id)).toMatchObject({ status: 'succeeded' });
    expect(onHost()).toEqual([first!.address, second.address]);
    const operation = await ask(server, 'remove_address', { address: first!.address });
    expect(operation).toMatchObject({ status: 'succeeded' });
    expect(onHost()).toEqual([second.address]);
    expect(await addresses()).toMatchObject([{ address: second.address, primary: true }]);
  });

  it('one that the host could not take goes back to its pool', async () => {
    const before = await addresses();
    await machine.failNext('setAddresses', 'command_failed', { after: true });
    const { id } = await add();
    expect(await bench.ended(id)).toMatchObject({ status: 'failed' });
    expect(await addresses()).toEqual(before);
    expect(onHost()).toEqual(before.map(({ address }) => address));
  });

  it('one that could not be taken back is given to nobody else', async () => {
    await machine.failNext('setAddresses', 'command_failed', { after: true });
    await machine.failNext('setAddresses', 'command_failed');
    const { id, address } = await add();
    expect(await bench.ended(id)).toMatchObject({ status: 'failed' });
    expect(onHost()).toContain(address);
    expect((await addresses()).map((one) => one.address)).toContain(address);
  });

  it('one that the host does not let go stays', async () => {
    const second = await add();
    await bench.ended(second.id);
    await machine.failNext('setAddresses', 'command_failed', { after: true });
    const operation = await ask(server, 'remove_address', { address: second.address });
    expect(operation).toMatchObject({ status: 'failed' });
    expect(onHost()).toContain(second.address);
    expect((await addresses()).map((one) => one.address)).toContain(second.address);
  });
});

describe('reinstall_server', () => {
  let template: TemplateEntity;
  beforeEach(async () => {
    const { manager } = bench.database.dataSource;
    template = await manager.save(
      manager.create(TemplateEntity, { ...world.template, id: newId(), name: `again-${newId().slice(-8)}` }),
    );
  });
  const input = (more: object = {}) => ({
    template_id: template.id,
    start: true,
    sealed_root_password: null,
    ...more,
  });

  it('makes a new root, with all that the server had', async () => {
    await ask(server, 'enable_feature', { feature: 'tun' });
    await bench.ended(await resize({ ram_bytes: GIB }));
    use({ diskBytes: 500 * MIB });
    const { addresses } = container().spec;
    const sealed = await seal(bench.keys.publicKey, 'correct horse');
    const operation = await ask(server, 'reinstall_server', input({ sealed_root_password: sealed }));
    expect(operation).toMatchObject({ status: 'succeeded', error: null });
    expect(operation.input).not.toHaveProperty('sealed_root_password');
    expect(await row()).toMatchObject({ status: 'running', templateId: template.id });
    expect(container()).toMatchObject({ state: 'running', spec: { addresses, features: ['tun'] } });
    expect(container().use).toBeUndefined();
    expect(container().passwordHash).not.toBeNull();
    await expectLimits({ ...testLimits, ram_bytes: GIB });
  });

  it('gives other features where they are asked for', async () => {
    await ask(server, 'enable_feature', { feature: 'tun' });
    await ask(server, 'reinstall_server', input({ features: ['quota', 'fuse'] }));
    expect([(await row()).features, container().spec.features]).toEqual([
      ['quota', 'fuse'],
      ['quota', 'fuse'],
    ]);
    await ask(server, 'reinstall_server', input());
    expect([(await row()).features, container().spec.features]).toEqual([
      ['quota', 'fuse'],
      ['quota', 'fuse'],
    ]);
  });

  it('leaves a stopped server stopped', async () => {
    await ask(server, 'stop_server', { timeout_s: 1 });
    expect(await ask(server, 'reinstall_server', input({ start: false }))).toMatchObject({
      status: 'succeeded',
    });
    expect([(await row()).status, container().state]).toEqual(['stopped', 'stopped']);
  });

  it('leaves the server as it was where the template can not be had', async () => {
    const { manager } = bench.database.dataSource;
    const sha256 = 'd'.repeat(64);
    await manager.update(TemplateEntity, { id: template.id }, { sha256, source: 'file:///nowhere/at.tar' });
    const before = container();
    const operation = await ask(server, 'reinstall_server', input());
    expect(operation).toMatchObject({ status: 'failed', error: { step: 'import_template' } });
    expect(container()).toEqual(before);
    expect(await row()).toMatchObject({ status: 'running', templateId: server.templateId });
  });

  it('says so where the old root is gone and no new one could be made; the next one helps', async () => {
    await machine.failNext('create', 'no_space');
    const operation = await ask(server, 'reinstall_server', input());
    expect(operation).toMatchObject({
      status: 'failed',
      error: { code: 'no_space', step: 'create_container' },
    });
    expect(await row()).toMatchObject({ status: 'error', templateId: template.id });
    expect(await ask(server, 'reinstall_server', input())).toMatchObject({ status: 'succeeded' });
    expect([(await row()).status, container().state]).toEqual(['running', 'running']);
  });

  it('can be cancelled until the old root goes', async () => {
    await machine.setLatency({ ensureTemplate: 20_000 });
    const { manager } = bench.database.dataSource;
    await manager.update(TemplateEntity, { id: template.id }, { sha256: 'e'.repeat(64) });
    const before = container();
    const id = await bench.ask(server, 'reinstall_server', input());
    await eventually('the import', async () => (await bench.steps(id))[0]?.status === 'running');
    await inTransaction(bench.database.dataSource, (em) => requestCancel(em, id));
    expect(await bench.ended(id)).toMatchObject({ status: 'cancelled' });
    expect(container()).toEqual(before);
    expect(await row()).toMatchObject({ status: 'running', templateId: server.templateId });
  });
});
