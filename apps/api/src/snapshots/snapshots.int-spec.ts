import type { OperationStatus } from '@berth/contracts';
import {
  HostEntity,
  OperationEntity,
  ServerEntity,
  SnapshotEntity,
  TenantEntity,
  unseal,
} from '@berth/database';
import { startTestApi, type TestAnswer, type TestApi } from '../testing/test-api';

const GIB = 1024 ** 3;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8qn8nvJ1tcyYXAB4bbl2tqVNpMCsDxEZsQqVqHgBzE me';

describe('snapshots, as they are asked for', () => {
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
  const server = (of = id) => em().findOneByOrFail(ServerEntity, { id: of });
  const tenant = () => em().findOneByOrFail(TenantEntity, { id: api.world.tenant.id });
  const host = () => em().findOneByOrFail(HostEntity, { id: api.world.host.id });
  const inputOf = async (operation: string) =>
    (await em().findOneByOrFail(OperationEntity, { id: operation })).input;
  const post = (path: string, body?: unknown, token?: string) => api.request('POST', path, { body, token });
  const act = (verb: string) => post(`/v1/servers/${id}/actions/${verb}`);
  const take = (body?: unknown) => post(`/v1/servers/${id}/snapshots`, body);

  async function runningServer(more: object = {}): Promise<string> {
    const { plan, template, location } = api.world;
    const names = { plan: plan.id, template: template.id, location: location.id };
    const { body } = await post('/v1/servers', { name: `s${count++}`, ...names, ...more });
    await end(body.operation.id, 'succeeded');
    await em().update(ServerEntity, { id: body.server.id }, { status: 'running' });
    return body.server.id;
  }

  async function end(operation: string, status: OperationStatus): Promise<void> {
    await em().update(OperationEntity, { id: operation }, { status, finishedAt: new Date() });
  }

  /** One that was taken. */
  async function snapshot(body: object = {}): Promise<string> {
    const made = await take(body);
    expect([made.status, made.body.error]).toEqual([202, undefined]);
    await end(made.body.operation.id, 'succeeded');
    await em().update(SnapshotEntity, { id: made.body.snapshot.id }, { status: 'available' });
    return made.body.snapshot.id;
  }

  /** Refused with this code, and without a trace. */
  async function refused(request: () => Promise<TestAnswer>, status: number, code: string) {
    const before = [await api.rowCounts(), await server(), await tenant(), await host()];
    const { status: found, body } = await request();
    expect([found, body.error?.code]).toEqual([status, code]);
    expect([await api.rowCounts(), await server(), await tenant(), await host()]).toEqual(before);
    return body.error;
  }

  describe('taking one', () => {
    it('answers it with the operation; it counts at once', async () => {
      const before = await tenant();
      const { status, body } = await take({ name: 'before-upgrade' });
      expect(status).toBe(202);
      expect(body.operation).toMatchObject({ kind: 'create_snapshot', status: 'pending', server_id: id });
      expect(body.snapshot).toMatchObject({
        name: 'before-upgrade',
        server_id: id,
        tenant_id: api.world.tenant.id,
        status: 'creating',
        memory: false,
        size_bytes: 0,
        template: api.world.template.name,
        plan: api.world.plan.name,
      });
      expect(await inputOf(body.operation.id)).toEqual({ snapshot_id: body.snapshot.id, memory: false });
      expect((await tenant()).usedSnapshots).toBe(before.usedSnapshots + 1);
      const quota = (await api.request('GET', '/v1/quota')).body.quota;
      expect(quota.used.snapshots).toBe(before.usedSnapshots + 1);
      expect(quota.limits).toMatchObject({ snapshots: null, snapshot_bytes: null });
    });

    it('makes names up, of which no two are the same', async () => {
      const names = new Set<string>();
      for (let i = 0; i < 3; i++)
        names.add((await api.request('GET', `/v1/snapshots/${await snapshot()}`)).body.snapshot.name);
      expect(names.size).toBe(3);
    });

    it('is refused while another operation is under way, and under a name that the server has', async () => {
      await snapshot({ name: 'twice' });
      await refused(() => take({ name: 'twice' }), 409, 'uniqueness_error');
      const { body } = await act('stop');
      const error = await refused(() => take(), 409, 'locked');
      expect(error.details.operation_id).toBe(body.operation.id);
    });

    it('keeps processes of a running server only', async () => {
      await em().update(ServerEntity, { id }, { status: 'stopped' });
      await refused(() => take({ memory: true }), 409, 'conflict');
      expect((await take()).status).toBe(202);
    });

    it('needs a host that can', async () => {
      const { capabilities } = await host();
      const without = (name: string) =>
        em().update(
          HostEntity,
          { id: api.world.host.id },
          { capabilities: capabilities.filter((one) => one !== name) },
        );
      await without('snapshots:memory');
      const error = await refused(() => take({ memory: true }), 422, 'unsupported');
      expect(error.details).toEqual({ capability: 'snapshots:memory' });
      await without('snapshots');
      await refused(() => take(), 422, 'unsupported');
      await em().update(HostEntity, { id: api.world.host.id }, { capabilities });
    });

    it('keeps to the quota, of number and of bytes', async () => {
      const first = await snapshot();
      const { usedSnapshots } = await tenant();
      const quota = (amounts: object) =>
        api.request('PATCH', `/v1/tenants/${api.world.tenant.id}`, {
          token: api.tokens.billing,
          body: { quota: amounts },
        });
      await quota({ snapshots: usedSnapshots });
      const error = await refused(() => take(), 422, 'quota_exceeded');
      expect(error.details).toMatchObject({ resource: 'snapshots', limit: usedSnapshots, requested: 1 });
      await quota({ snapshots: null, snapshot_bytes: GIB });
      await em().update(SnapshotEntity, { id: first }, { sizeBytes: GIB });
      const full = await refused(() => take(), 422, 'quota_exceeded');
      expect(full.details).toMatchObject({ resource: 'snapshot_bytes', limit: GIB, used: GIB });
      await quota({ snapshot_bytes: null });
      expect((await take()).status).toBe(202);
    });

    it('stops at as many as one server can have', async () => {
      const { tenantId, templateId, planId, limits } = await server();
      const of = { serverId: id, tenantId, templateId, planId, limits: JSON.stringify(limits) };
      await em().query(
        `INSERT INTO snapshots (id, server_id, tenant_id, name, status, memory, template_id, plan_id, limits)
         SELECT gen_random_uuid(), $1, $2, 'n' || n, 'available', false, $3, $4, $5 FROM generate_series(1, 64) n`,
        Object.values(of),
      );
      expect((await refused(() => take(), 409, 'conflict')).details).toEqual({ limit: 64 });
    });
  });

  it('lists them by server and by tenant, newest first, and shows one by id or name', async () => {
    const [first, second] = [await snapshot({ name: 'a' }), await snapshot({ name: 'b' })];
    const list = (await api.request('GET', `/v1/servers/${id}/snapshots`)).body;
    expect(list.snapshots.map((one: { id: string }) => one.id)).toEqual([second, first]);
    expect(list.meta.pagination.total_entries).toBe(2);
    const named = (await api.request('GET', `/v1/servers/${id}/snapshots?name=a`)).body.snapshots;
    expect(named).toMatchObject([{ id: first }]);
    const all = (await api.request('GET', `/v1/snapshots?server=${id}&sort=name:desc`)).body.snapshots;
    expect(all.map((one: { id: string }) => one.id)).toEqual([second, first]);
    await em().update(SnapshotEntity, { id: second }, { name: 'only-one' });
    expect((await api.request('GET', '/v1/snapshots/only-one')).body.snapshot.id).toBe(second);
    expect((await api.request('GET', '/v1/snapshots/none')).status).toBe(404);
    expect((await api.request('GET', `/v1/servers/${id}/snapshots?server=${id}`)).status).toBe(400);
  });

  describe('deleting one', () => {
    it('asks for it', async () => {
      const one = await snapshot();
      const { status, body } = await api.request('DELETE', `/v1/snapshots/${one}`);
      expect([status, body.operation.kind]).toEqual([202, 'delete_snapshot']);
      expect(await inputOf(body.operation.id)).toEqual({ snapshot_id: one, previous: 'available' });
      expect((await api.request('GET', `/v1/snapshots/${one}`)).body.snapshot.status).toBe('deleting');
    });

    it('is refused while its server is rolled back to it, or a clone is made of it', async () => {
      const one = await snapshot();
      const rollback = await post(`/v1/snapshots/${one}/actions/rollback`);
      expect(rollback.status).toBe(202);
      const remove = () => api.request('DELETE', `/v1/snapshots/${one}`);
      const error = await refused(remove, 409, 'locked');
      expect(error.details.operation_id).toBe(rollback.body.operation.id);
      await end(rollback.body.operation.id, 'succeeded');
      const clone = await post(`/v1/snapshots/${one}/actions/clone`, { name: 'copy' });
      expect((await refused(remove, 409, 'locked')).details.operation_id).toBe(clone.body.operation.id);
      await end(clone.body.operation.id, 'succeeded');
      expect((await remove()).status).toBe(202);
    });
  });

  describe('rolling back', () => {
    const rollBack = (one: string, body?: unknown) => post(`/v1/snapshots/${one}/actions/rollback`, body);

    it.each([
      ['running', false, true],
      ['stopped', false, false],
      ['frozen', false, true],
      ['frozen', true, false],
    ] as const)(
      'of a server that is %s (checkpointed: %s) lets it run afterwards: %s',
      async (status, checkpointed, start) => {
        const one = await snapshot();
        const desiredState = status === 'stopped' ? 'stopped' : 'running';
        await em().update(ServerEntity, { id }, { status, checkpointed, desiredState });
        const { status: answered, body } = await rollBack(one);
        expect([answered, body.operation.kind, body.operation.server_id]).toEqual([
          202,
          'rollback_snapshot',
          id,
        ]);
        expect(await inputOf(body.operation.id)).toEqual({ snapshot_id: one, memory: false, start });
        expect((await server()).desiredState).toBe(start ? 'running' : 'stopped');
      },
    );

    it('goes on with the processes of the snapshot, unless told not to', async () => {
      const one = await snapshot({ memory: true });
      await em().update(ServerEntity, { id }, { status: 'stopped', desiredState: 'stopped' });
      const { body } = await rollBack(one);
      expect(await inputOf(body.operation.id)).toMatchObject({ memory: true, start: true });
      await end(body.operation.id, 'failed');
      await em().update(ServerEntity, { id }, { desiredState: 'stopped' });
      const files = await rollBack(one, { memory: false });
      expect(await inputOf(files.body.operation.id)).toMatchObject({ memory: false, start: false });
    });

    it('is refused of a protected server, and to what is no snapshot yet or any more', async () => {
      const one = await snapshot();
      await em().update(ServerEntity, { id }, { protectionDelete: true });
      await refused(() => rollBack(one), 423, 'protected');
      await em().update(ServerEntity, { id }, { protectionDelete: false });
      for (const status of ['error', 'deleting'] as const) {
        await em().update(SnapshotEntity, { id: one }, { status });
        await refused(() => rollBack(one), 409, 'conflict');
      }
      await em().update(SnapshotEntity, { id: one }, { status: 'deleted', deletedAt: new Date() });
      await refused(() => rollBack(one), 404, 'not_found');
    });
  });

  describe('cloning', () => {
    const clone = (one: string, body: object = {}) =>
      post(`/v1/snapshots/${one}/actions/clone`, { name: `c${count++}`, ...body });

    it('is an order for a server of its own, on the same host, as its server was then', async () => {
      const one = await snapshot();
      const { limits } = await server();
      await em().update(ServerEntity, { id }, { limits: { ...limits, ram_bytes: GIB, disk_bytes: 7 * GIB } });
      await em().update(SnapshotEntity, { id: one }, { features: ['tun'] });
      const before = await tenant();
      const { status, body } = await clone(one, { name: 'copy-1', labels: { of: 'web' } });
      expect([status, body.operation.kind]).toEqual([202, 'clone_server']);
      expect(body.operation.server_id).toBe(body.server.id);
      expect(body.server).toMatchObject({
        name: 'copy-1',
        hostname: 'copy-1',
        status: 'creating',
        plan: api.world.plan.name,
        template: api.world.template.name,
        labels: { of: 'web' },
        features: ['tun'],
        limits: { ram_bytes: GIB / 4, disk_bytes: GIB },
        operation: body.operation.id,
      });
      const made = await server(body.server.id);
      const source = await server();
      expect(made.hostId).toBe(source.hostId);
      expect(made.idSlot).not.toBe(source.idSlot);
      const own = (await api.request('GET', `/v1/servers/${id}`)).body.server.addresses;
      expect(body.server.addresses).toHaveLength(own.length);
      expect(body.server.addresses[0].address).not.toBe(own[0].address);
      const after = await tenant();
      expect(after.usedServers - before.usedServers).toBe(1);
      expect(after.usedRamBytes - before.usedRamBytes).toBe(GIB / 4);
    });

    it('answers the password that it made up, once; the keys of its server go along', async () => {
      const one = await snapshot();
      const made = await clone(one);
      expect(made.body.root_password).toMatch(/^[\w-]{24}$/);
      const sealed = (await inputOf(made.body.operation.id)).sealed_root_password;
      expect(await unseal(api.keys, String(sealed))).toBe(made.body.root_password);
      const sent = await clone(one, { root_password: 'my own password' });
      expect(sent.body).not.toHaveProperty('root_password');
      await em().update(ServerEntity, { id }, { sshKeys: [KEY] });
      const keyed = await clone(one);
      expect(keyed.body).not.toHaveProperty('root_password');
      expect((await server(keyed.body.server.id)).sshKeys).toEqual([KEY]);
      expect((await inputOf(keyed.body.operation.id)).sealed_root_password).toBeNull();
    });

    it('repeats its answer for the same key, without the password', async () => {
      const one = await snapshot();
      const headers = { 'idempotency-key': 'clone-1' };
      const send = () =>
        api.request('POST', `/v1/snapshots/${one}/actions/clone`, { body: { name: 'once' }, headers });
      const first = await send();
      const counts = await api.rowCounts();
      const again = await send();
      const { root_password: _shown, ...rest } = first.body;
      expect(again.body).toEqual(rest);
      expect(await api.rowCounts()).toEqual(counts);
    });

    it('may be made while its server is busy, and of a stopped one', async () => {
      const one = await snapshot();
      await act('stop');
      expect((await clone(one)).status).toBe(202);
    });

    it('is refused where quota, host or snapshot do not allow it', async () => {
      const one = await snapshot();
      const { capabilities } = await host();
      const onHost = (change: Partial<HostEntity>) =>
        em().update(HostEntity, { id: api.world.host.id }, change as never);
      await onHost({ state: 'cordoned' });
      await refused(() => clone(one), 503, 'no_capacity');
      await onHost({ state: 'active', capabilities: capabilities.filter((name) => name !== 'clone') });
      await refused(() => clone(one), 422, 'unsupported');
      const { usedRamBytes, capacityRamBytes } = await host();
      await onHost({ capabilities, capacityRamBytes: usedRamBytes });
      await refused(() => clone(one), 503, 'no_capacity');
      await onHost({ capacityRamBytes });
      const { usedServers } = await tenant();
      await em().update(TenantEntity, { id: api.world.tenant.id }, { quotaServers: usedServers });
      const error = await refused(() => clone(one), 422, 'quota_exceeded');
      expect(error.details.resource).toBe('servers');
      await em().update(
        TenantEntity,
        { id: api.world.tenant.id },
        { quotaServers: 10_000, status: 'suspended' },
      );
      await refused(() => clone(one), 403, 'forbidden');
      await em().update(TenantEntity, { id: api.world.tenant.id }, { status: 'active' });
      await em().update(SnapshotEntity, { id: one }, { status: 'error' });
      await refused(() => clone(one), 409, 'conflict');
    });
  });

  it('does not let a reinstall delete them unasked', async () => {
    await snapshot();
    const reinstall = () =>
      post(`/v1/servers/${id}/actions/reinstall`, { template: api.world.template.name });
    expect((await refused(reinstall, 409, 'conflict')).details).toEqual({ snapshots: 1 });
  });

  it('lets failed ones be asked for anew, but not be retried', async () => {
    const { body } = await take();
    await end(body.operation.id, 'failed');
    const path = `/v1/operations/${body.operation.id}/actions/retry`;
    const { status } = await post(path, {}, api.tokens.operator);
    expect(status).toBe(409);
  });

  describe('freezing', () => {
    it.each([
      ['freeze', 'running', 'freeze_server'],
      ['unfreeze', 'frozen', 'unfreeze_server'],
      ['checkpoint', 'running', 'checkpoint_server'],
      ['checkpoint', 'frozen', 'checkpoint_server'],
    ] as const)('%s can be asked of a %s server', async (verb, status, kind) => {
      await em().update(ServerEntity, { id }, { status });
      const { status: answered, body } = await act(verb);
      expect([answered, body.operation.kind]).toEqual([202, kind]);
    });

    it.each(['freeze', 'unfreeze', 'checkpoint', 'restore'])(
      '%s can not be asked of a stopped one',
      async (verb) => {
        await em().update(ServerEntity, { id }, { status: 'stopped' });
        await refused(() => act(verb), 409, 'conflict');
      },
    );

    it('a checkpointed server shows so; it can be restored or given up, and not be changed', async () => {
      await em().update(ServerEntity, { id }, { status: 'frozen', checkpointed: true });
      const shown = (await api.request('GET', `/v1/servers/${id}`)).body.server;
      expect(shown).toMatchObject({ status: 'frozen', checkpointed: true });
      for (const verb of ['unfreeze', 'freeze', 'reset_password', 'start'])
        await refused(() => act(verb), 409, 'conflict');
      const { status, body } = await act('restore');
      expect([status, body.operation.kind]).toEqual([202, 'restore_server']);
      await end(body.operation.id, 'failed');
      expect((await act('stop')).status).toBe(202);
    });

    it('restore of a server that is frozen in memory says that there is nothing to restore', async () => {
      await em().update(ServerEntity, { id }, { status: 'frozen' });
      await refused(() => act('restore'), 409, 'conflict');
    });

    it('needs a host that can', async () => {
      const { capabilities } = await host();
      for (const [verb, name] of [
        ['freeze', 'freeze'],
        ['checkpoint', 'checkpoint'],
      ] as const) {
        const rest = capabilities.filter((one) => one !== name);
        await em().update(HostEntity, { id: api.world.host.id }, { capabilities: rest });
        const error = await refused(() => act(verb), 422, 'unsupported');
        expect(error.details).toEqual({ capability: name });
      }
      await em().update(HostEntity, { id: api.world.host.id }, { capabilities });
    });
  });
});
