import type { OperationStatus, ServerStatus } from '@berth/contracts';
import {
  HostEntity,
  newId,
  OperationEntity,
  PlanEntity,
  ServerEntity,
  TemplateEntity,
  TenantEntity,
  unseal,
} from '@berth/database';
import { startTestApi, type TestApi, type TestAnswer } from '../testing/test-api';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('what a server has and is made of', () => {
  let api: TestApi;
  let id: string;
  let count = 0;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());
  beforeEach(async () => {
    id = await runningServer();
  });

  const em = () => api.database.dataSource.manager;
  const server = () => em().findOneByOrFail(ServerEntity, { id });
  const tenant = () => em().findOneByOrFail(TenantEntity, { id: api.world.tenant.id });
  const host = () => em().findOneByOrFail(HostEntity, { id: api.world.host.id });
  const inputOf = async (operationId: string) =>
    (await em().findOneByOrFail(OperationEntity, { id: operationId })).input;
  const shown = async (token?: string) =>
    (await api.request('GET', `/v1/servers/${id}`, { token })).body.server;
  const act = (verb: string, body?: unknown, token?: string): Promise<TestAnswer> =>
    api.request('POST', `/v1/servers/${id}/actions/${verb}`, { body, token });
  const staff = (verb: string, body?: unknown) => act(verb, body, api.tokens.billing);

  async function runningServer(more: object = {}): Promise<string> {
    const { plan, template, location } = api.world;
    const order = {
      name: `s${count++}`,
      plan: plan.id,
      template: template.id,
      location: location.id,
      ...more,
    };
    const { body } = await api.request('POST', '/v1/servers', { body: order });
    await end(body.operation.id, 'succeeded', 'running');
    return body.server.id;
  }

  /** What a worker would write, but for what its steps change. */
  async function end(operationId: string, status: OperationStatus, to?: ServerStatus): Promise<void> {
    const { serverId } = await em().findOneByOrFail(OperationEntity, { id: operationId });
    await em().update(OperationEntity, { id: operationId }, { status, finishedAt: new Date() });
    if (to) await em().update(ServerEntity, { id: serverId! }, { status: to });
  }

  async function plan(limits: object): Promise<PlanEntity> {
    const name = `plan-${count++}`;
    return em().save(
      em().create(PlanEntity, { id: newId(), name, description: '', limits, deletedAt: null }),
    );
  }

  /** Refused with this code, and without a trace. */
  async function refused(
    answer: Promise<TestAnswer> | (() => Promise<TestAnswer>),
    status: number,
    code: string,
  ) {
    const before = [await api.rowCounts(), await server(), await tenant(), await host()];
    const { status: found, body } = await (typeof answer === 'function' ? answer() : answer);
    expect([found, body.error?.code]).toEqual([status, code]);
    const after = [await api.rowCounts(), await server(), await tenant(), await host()];
    expect(after).toEqual(before);
    return body.error;
  }

  describe('resize', () => {
    it('reserves what the server grows by, and answers what it will have; its limits stay until it has them', async () => {
      const before = await tenant();
      const { status, body } = await staff('resize', {
        limits: { ram_bytes: 512 * MIB + 5000, cpu_limit_percent: 33.33333, num_proc: null },
      });
      expect([status, body.operation.kind, body.operation.status]).toEqual([202, 'resize_server', 'pending']);
      expect(body.limits).toMatchObject({
        ram_bytes: 512 * MIB + 4096,
        cpu_limit_percent: 33.333,
        num_proc: null,
        cpu_units: 1000,
        disk_bytes: GIB,
      });
      expect((await shown()).limits).toMatchObject({ ram_bytes: 256 * MIB, num_proc: 256 });
      // Less CPU than before is not given back yet.
      expect(await server()).toMatchObject({ ramBytes: 512 * MIB + 4096, cpus: 0.5, diskBytes: GIB });
      expect((await tenant()).usedRamBytes - before.usedRamBytes).toBe(256 * MIB + 4096);
      expect(await inputOf(body.operation.id)).toEqual({
        limits: { ram_bytes: 512 * MIB + 4096, cpu_limit_percent: 33.333, num_proc: null },
        previous: { ram_bytes: 256 * MIB, cpu_limit_percent: 50, num_proc: 256 },
        plan_id: null,
      });
    });

    it('takes a plan as a whole: what it does not name is lifted', async () => {
      const bigger = await plan({ ram_bytes: GIB, cpus: 2, disk_bytes: 2 * GIB });
      const { status, body } = await act('resize', { plan: bigger.name });
      expect(status).toBe(202);
      expect(body.limits).toMatchObject({ ram_bytes: GIB, cpus: 2, cpu_limit_percent: null, num_proc: null });
      expect(await inputOf(body.operation.id)).toMatchObject({
        plan_id: bigger.id,
        limits: { cpu_units: null, cpu_limit_percent: null, num_proc: null, cpus: 2 },
      });
      expect(await server()).toMatchObject({
        cpus: 2,
        ramBytes: GIB,
        diskBytes: 2 * GIB,
        planId: api.world.plan.id,
      });
    });

    it('is by plan only for customers', async () => {
      await refused(act('resize', { limits: { ram_bytes: GIB } }), 403, 'forbidden');
    });

    it.each([
      ['neither', {}],
      ['both', { plan: 'x', limits: {} }],
      ['an unknown plan', { plan: 'no-such' }],
      ['a limit that is none', { limits: { ram: 1 } }],
      ['too little memory', { limits: { ram_bytes: 4096 } }],
      ['too little of a CPU', { limits: { cpu_limit_percent: 0.5 } }],
      ['text', { limits: { ram_bytes: '1G' } }],
      ['a negative size', { limits: { swap_bytes: -1 } }],
      ['a priority that is none', { limits: { io_priority: 8 } }],
      ['an empty list of CPUs', { limits: { cpu_mask: '' } }],
    ])('refuses %s', async (_what, body) => {
      await refused(staff('resize', body), 400, 'invalid_input');
    });

    it('refuses what goes over the quota, and what the host can not hold, offering a migration', async () => {
      const { quotaRamBytes } = await tenant();
      const quota = async (bytes: number) =>
        em().update(TenantEntity, { id: api.world.tenant.id }, { quotaRamBytes: bytes });
      await quota((await tenant()).usedRamBytes + MIB);
      const over = await refused(
        staff('resize', { limits: { ram_bytes: 258 * MIB } }),
        422,
        'quota_exceeded',
      );
      expect(over.details).toMatchObject({ resource: 'ram_bytes', requested: 2 * MIB });
      await quota(quotaRamBytes);
      const room = await refused(staff('resize', { limits: { ram_bytes: 5000 * GIB } }), 503, 'no_capacity');
      expect(room.details).toEqual({
        resource: 'ram_bytes',
        requested: 5000 * GIB - 256 * MIB,
        offer: 'migrate',
      });
    });

    it('shrinks over a quota that was lowered meanwhile', async () => {
      const { quotaRamBytes } = await tenant();
      await em().update(TenantEntity, { id: api.world.tenant.id }, { quotaRamBytes: 0 });
      const { status } = await staff('resize', { limits: { ram_bytes: 128 * MIB } });
      await em().update(TenantEntity, { id: api.world.tenant.id }, { quotaRamBytes });
      expect(status).toBe(202);
    });

    it('refuses a limit that the host can not enforce, by name; to lift it is no matter', async () => {
      const { capabilities } = await host();
      await em().update(
        HostEntity,
        { id: api.world.host.id },
        { capabilities: capabilities.filter((one) => one !== 'limit:io_priority') },
      );
      const error = await refused(staff('resize', { limits: { io_priority: 3 } }), 422, 'unsupported');
      expect(error.details).toEqual({ capability: 'limit:io_priority' });
      const lifted = await staff('resize', { limits: { io_priority: null } });
      await em().update(HostEntity, { id: api.world.host.id }, { capabilities });
      expect(lifted.status).toBe(202);
    });

    it.each(['creating', 'error'] as const)('refuses it of a server that is %s', async (status) => {
      await em().update(ServerEntity, { id }, { status });
      await refused(staff('resize', { limits: { ram_bytes: GIB } }), 409, 'conflict');
    });

    it.each(['stopped', 'frozen', 'suspended'] as const)(
      'takes it of a server that is %s',
      async (status) => {
        await em().update(ServerEntity, { id }, { status });
        expect((await staff('resize', { limits: { ram_bytes: GIB } })).status).toBe(202);
      },
    );

    it('takes one of many that come together, and reserves once', async () => {
      const before = (await tenant()).usedRamBytes;
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) => staff('resize', { limits: { ram_bytes: GIB + n * 4096 } })),
      );
      const taken = answers.filter(({ status }) => status === 202);
      expect(taken).toHaveLength(1);
      expect(answers.filter(({ body }) => body.error?.code === 'locked')).toHaveLength(9);
      expect((await tenant()).usedRamBytes - before).toBe(taken[0]!.body.limits.ram_bytes - 256 * MIB);
    });

    it('is asked for anew rather than retried: what it had reserved was given back', async () => {
      const { operation } = (await staff('resize', { limits: { ram_bytes: GIB } })).body;
      await end(operation.id, 'failed');
      const retry = () =>
        api.request('POST', `/v1/operations/${operation.id}/actions/retry`, { token: api.tokens.operator });
      await refused(retry, 409, 'conflict');
    });
  });

  describe('features and devices', () => {
    it('asks the worker for them, and shows them: devices to operators only', async () => {
      const { status, body } = await act('enable_feature', { feature: 'tun' });
      expect([status, body.operation.kind]).toEqual([202, 'enable_feature']);
      await end(body.operation.id, 'succeeded');
      const devices = [{ device: '/dev/ttyS0', access: 'rw' }];
      await em().update(ServerEntity, { id }, { features: ['tun'], devices: devices as never });
      expect(await shown()).toMatchObject({ features: ['tun'] });
      expect(await shown()).not.toHaveProperty('devices');
      expect(await shown(api.tokens.operator)).toMatchObject({ devices });
      expect((await act('disable_feature', { feature: 'tun' })).body.operation.kind).toBe('disable_feature');
    });

    it('refuses features that the host has not, and devices where it gives none', async () => {
      const { capabilities } = await host();
      const lacking = ['feature:ppp', 'devices'];
      await em().update(
        HostEntity,
        { id: api.world.host.id },
        { capabilities: capabilities.filter((one) => !lacking.includes(one)) },
      );
      const error = await refused(act('enable_feature', { feature: 'ppp' }), 422, 'unsupported');
      expect(error.details).toEqual({ capability: 'feature:ppp' });
      const device = () => act('add_device', { device: '/dev/ttyS0' }, api.tokens.operator);
      expect((await refused(device, 422, 'unsupported')).details).toEqual({ capability: 'devices' });
      await em().update(HostEntity, { id: api.world.host.id }, { capabilities });
    });

    it('gives devices for operators only, and takes only what was given', async () => {
      await refused(staff('add_device', { device: '/dev/ttyS0' }), 403, 'forbidden');
      const { operator } = api.tokens;
      await refused(act('remove_device', { device: '/dev/ttyS0' }, operator), 400, 'invalid_input');
      await refused(act('add_device', { device: '/dev/../etc/shadow' }, operator), 400, 'invalid_input');
      const { body } = await act('add_device', { device: '/dev/ttyS0' }, operator);
      expect(await inputOf(body.operation.id)).toEqual({ device: '/dev/ttyS0', access: 'rw' });
    });
  });

  describe('addresses', () => {
    it('gives one more at once, which counts for the quota', async () => {
      const before = await tenant();
      const { status, body } = await act('add_address', { family: 4 });
      expect([status, body.operation.kind]).toEqual([202, 'add_address']);
      expect(body.address).toMatchObject({ family: 4, prefix: 32, rdns: null, primary: false });
      expect((await shown()).addresses).toContainEqual(body.address);
      expect((await tenant()).usedIpv4).toBe(before.usedIpv4 + 1);
    });

    it('refuses one over the quota, and a family that the location has not', async () => {
      const { usedIpv4, quotaIpv4 } = await tenant();
      await em().update(TenantEntity, { id: api.world.tenant.id }, { quotaIpv4: usedIpv4 });
      const error = await refused(act('add_address', { family: 4 }), 422, 'quota_exceeded');
      expect(error.details).toMatchObject({ resource: 'ipv4', requested: 1 });
      await em().update(TenantEntity, { id: api.world.tenant.id }, { quotaIpv4 });
      await refused(act('add_address', { family: 6 }), 503, 'no_capacity');
      await refused(act('add_address', { family: 5 }), 400, 'invalid_input');
    });

    it('refuses a second change while the first runs, without taking an address for it', async () => {
      const { body } = await act('add_address', { family: 4 });
      const error = await refused(act('add_address', { family: 4 }), 409, 'locked');
      expect(error.details).toEqual({ operation_id: body.operation.id });
    });

    it('takes one away, but not the last, nor one of another server', async () => {
      const [only] = (await shown()).addresses;
      await refused(act('remove_address', { address: only.address }), 409, 'conflict');
      const mine = id;
      id = await runningServer({ ipv4: 2 });
      const addresses = (await shown()).addresses;
      await refused(act('remove_address', { address: only.address }), 400, 'invalid_input');
      const { status, body } = await act('remove_address', { address: addresses[0].address });
      expect([status, body.operation.kind]).toEqual([202, 'remove_address']);
      // It is the server's until it is gone from the host.
      expect((await shown()).addresses).toEqual(addresses);
      expect(mine).not.toBe(id);
    });

    it('names one, at once, and clears the name again', async () => {
      const [{ address }] = (await shown()).addresses;
      await staff('resize', { limits: { ram_bytes: GIB } });
      const { status, body } = await act('set_rdns', { address, name: 'WWW.Example.ORG.' });
      expect([status, body.operation.status]).toEqual([202, 'succeeded']);
      expect((await shown()).addresses[0].rdns).toBe('www.example.org');
      await act('set_rdns', { address, name: null });
      expect((await shown()).addresses[0].rdns).toBeNull();
      for (const name of [
        'no_underscore.example.org',
        'local',
        '-a.example.org',
        `${'a'.repeat(64)}.org`,
        '',
      ]) {
        await refused(() => act('set_rdns', { address, name }), 400, 'invalid_input');
      }
      await refused(act('set_rdns', { address: '192.0.2.77', name: null }), 400, 'invalid_input');
    });
  });

  describe('reinstall', () => {
    it('asks for a new root of the template, and answers the password that it made up, once', async () => {
      const { template } = api.world;
      const made = await act('reinstall', { template: template.name });
      expect([made.status, made.body.operation.kind]).toEqual([202, 'reinstall_server']);
      expect(made.body.root_password).toMatch(/^[\w-]{24}$/);
      const input = await inputOf(made.body.operation.id);
      expect(input).toMatchObject({ template_id: template.id, start: true });
      expect(await unseal(api.keys, String(input.sealed_root_password))).toBe(made.body.root_password);
      await end(made.body.operation.id, 'succeeded');
      const sent = await act('reinstall', { template: template.id, root_password: 'my own password' });
      expect(sent.body).not.toHaveProperty('root_password');
    });

    it('takes other features, if the host has them', async () => {
      const template = api.world.template.name;
      const { capabilities } = await host();
      const lacking = capabilities.filter((one) => one !== 'feature:ppp');
      await em().update(HostEntity, { id: api.world.host.id }, { capabilities: lacking });
      const error = await refused(act('reinstall', { template, features: ['ppp'] }), 422, 'unsupported');
      expect(error.details).toEqual({ capability: 'feature:ppp' });
      await em().update(HostEntity, { id: api.world.host.id }, { capabilities });
      await refused(act('reinstall', { template, features: ['colour'] }), 400, 'invalid_input');
      const { body } = await act('reinstall', { template, features: ['quota', 'tun', 'quota'] });
      expect(await inputOf(body.operation.id)).toMatchObject({ features: ['quota', 'tun'] });
    });

    it('makes no password up for a server that has keys, and leaves a stopped one stopped', async () => {
      const keys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8qn8nvJ1tcyYXAB4bbl2tqVNpMCsDxEZsQqVqHgBzE me'];
      await em().update(ServerEntity, { id }, { sshKeys: keys, desiredState: 'stopped', status: 'stopped' });
      const { body } = await act('reinstall', { template: api.world.template.name });
      expect(body).not.toHaveProperty('root_password');
      expect(await inputOf(body.operation.id)).toMatchObject({ start: false, sealed_root_password: null });
    });

    it('refuses it of a protected server, an unknown template, and one for another machine', async () => {
      const template = api.world.template.name;
      await act('change_protection', { delete: true });
      await refused(act('reinstall', { template }), 423, 'protected');
      await act('change_protection', { delete: false });
      await refused(act('reinstall', { template: 'no-such' }), 400, 'invalid_input');
      await refused(act('reinstall', {}), 400, 'invalid_input');
      const arm = { ...api.world.template, id: newId(), name: `arm-${count++}`, architecture: 'arm64' };
      await em().insert(TemplateEntity, arm);
      await refused(act('reinstall', { template: arm.name }), 400, 'invalid_input');
    });
  });
});
