import {
  AuditEventEntity,
  endMigration,
  HostEntity,
  moveServerToTarget,
  newId,
  OperationEntity,
  reserveSnapshot,
  ServerEntity,
  ServerMigrationEntity,
  SnapshotEntity,
} from '@berth/database';
import { allCapabilities } from '@berth/contracts';
import { makeHost } from '@berth/testing';
import { startTestApi, type TestApi } from '../testing/test-api';

const MIB = 1024 ** 2;

describe('migrations', () => {
  let api: TestApi;
  let id: string;
  let source: HostEntity;
  let count = 0;

  beforeAll(async () => {
    api = await startTestApi();
    source = api.world.host;
  });
  afterAll(() => api.close());
  beforeEach(async () => {
    await em().query(`UPDATE hosts SET state = 'cordoned', reachable = true`);
    await em().update(HostEntity, { id: source.id }, { state: 'active' });
    const { plan, template, location } = api.world;
    const order = { name: `m${count++}`, plan: plan.id, template: template.id, location: location.id };
    const { body } = await api.request('POST', '/v1/servers', { body: order });
    id = body.server.id;
    await ended(body.operation.id, 'succeeded');
    await em().update(ServerEntity, { id }, { status: 'running' });
  });

  const em = () => api.database.dataSource.manager;
  const server = () => em().findOneByOrFail(ServerEntity, { id });
  const ended = (operationId: string, status: 'succeeded' | 'failed') =>
    em().update(OperationEntity, { id: operationId }, { status, finishedAt: new Date() });
  const migrate = (body: object, token = api.tokens.operator) =>
    api.request('POST', `/v1/servers/${id}/actions/migrate`, { token, body });
  const host = (given: Partial<HostEntity> = {}) => makeHost(em(), api.world.location.id, given);
  const used = async ({ id: hostId }: HostEntity) => {
    const now = await em().findOneByOrFail(HostEntity, { id: hostId });
    return [now.usedServers, now.usedCpus, now.usedRamBytes, now.usedDiskBytes];
  };
  const needs = async () => {
    const { cpus, ramBytes, diskBytes } = await server();
    return [1, cpus, ramBytes, diskBytes];
  };

  /** Refused with this code, and without a trace. */
  async function refused(body: object, status: number, code: string): Promise<Record<string, unknown>> {
    const before = await api.rowCounts();
    const answer = await migrate(body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(await api.rowCounts()).toEqual(before);
    return answer.body.error;
  }

  it('holds room at the target with the answer, and tells who asked for what', async () => {
    const target = await host();
    const before = await used(source);
    const { status, body } = await migrate({
      mode: 'live',
      fallback: ['live', 'offline'],
      bandwidth_bps: 1e9,
    });
    expect(status).toBe(202);
    expect(body.operation).toMatchObject({ kind: 'migrate_server', server_id: id, host_id: source.id });
    expect(body.operation.steps.map(({ name }: { name: string }) => name)).toContain('take_over');
    expect(await used(target)).toEqual(await needs());
    expect(await used(source)).toEqual(before);
    const operation = await em().findOneByOrFail(OperationEntity, { id: body.operation.id });
    expect(operation.input).toEqual({
      mode: 'live',
      fallback: ['offline'],
      bandwidth_bps: 1e9,
      host_id: null,
    });
    const event = await em().findOneByOrFail(AuditEventEntity, { targetId: id, action: 'server.migrate' });
    expect(event).toMatchObject({ role: 'operator', details: { mode: 'live', operation_id: operation.id } });
    const again = await migrate({ mode: 'live' });
    expect([again.status, again.body.error.code]).toEqual([409, 'locked']);
  });

  it('moves what is held from host to host and gives it back at the end, snapshots included', async () => {
    const target = await host();
    const snapshot = { id: newId(), name: 'before', memory: false };
    await reserveSnapshot(em(), await server(), snapshot);
    await em().update(SnapshotEntity, { id: snapshot.id }, { status: 'available', sizeBytes: 10 * MIB });
    const before = await used(source);
    const own = await needs();
    own[3]! += 10 * MIB;
    const { body } = await migrate({ mode: 'near_live', host: target.name });
    expect([await used(source), await used(target)]).toEqual([before, own]);
    await moveServerToTarget(em(), body.operation.id);
    await moveServerToTarget(em(), body.operation.id);
    expect((await server()).hostId).toBe(target.id);
    expect([await used(source), await used(target)]).toEqual([before, own]);
    await endMigration(em(), body.operation.id);
    expect(await used(target)).toEqual(own);
    expect(await used(source)).toEqual(before.map((amount, index) => amount - own[index]!));
  });

  it('moves it though the target was made smaller meanwhile: its room was promised', async () => {
    const target = await host();
    const { body } = await migrate({ mode: 'live' });
    await em().update(HostEntity, { id: target.id }, { capacityRamBytes: MIB });
    await moveServerToTarget(em(), body.operation.id);
    expect(await used(target)).toEqual(await needs());
  });

  it('chooses none but other hosts of its location and driver that can have it', async () => {
    const { ramBytes } = await server();
    const elsewhere = await api.request('POST', '/v1/locations', {
      token: api.tokens.operator,
      body: { name: `other-${count}` },
    });
    await makeHost(em(), elsewhere.body.location.id);
    await host({ driver: 'lxc', privateKeySealed: 'sealed', hostKeyFingerprint: `SHA256:${'a'.repeat(43)}` });
    await host({ reachable: false });
    await host({ state: 'cordoned' });
    await host({ architecture: 'arm64' });
    await host({ capacityRamBytes: ramBytes - 1 });
    const error = await refused({ mode: 'live' }, 503, 'no_capacity');
    expect(error.message).toMatch(/no other simulated host of this location/);
    const overcommitted = await host({ capacityRamBytes: ramBytes - 1, overcommitRam: 2 });
    await migrate({ mode: 'live' });
    expect(await used(overcommitted)).toEqual(await needs());
  });

  it('says which ability is missing, and takes a mode that can be', async () => {
    const target = await host({ capabilities: allCapabilities.filter((one) => one !== 'migrate:live') });
    const error = await refused({ mode: 'live' }, 422, 'unsupported');
    expect(error.details).toEqual({ capability: 'migrate:live' });
    await refused({ mode: 'live', host: target.id }, 422, 'unsupported');
    expect((await migrate({ mode: 'live', fallback: ['offline'] })).status).toBe(202);
  });

  it.each(['limit:num_proc', 'feature:tun', 'ipv4'] as const)(
    'needs %s at the target',
    async (capability) => {
      await em().update(ServerEntity, { id }, { features: ['tun'] });
      await host({ capabilities: allCapabilities.filter((one) => one !== capability) });
      const error = await refused({ mode: 'offline' }, 422, 'unsupported');
      expect(error.details).toEqual({ capability });
    },
  );

  it('keeps running processes to hosts with the same kind of control groups', async () => {
    await em().update(HostEntity, { id: source.id }, { facts: { cgroup: 'v1' } });
    const target = await host({ facts: { cgroup: 'v2' } });
    await refused({ mode: 'live' }, 503, 'no_capacity');
    await refused({ mode: 'live', host: target.id }, 422, 'unsupported');
    expect((await migrate({ mode: 'near_live' })).status).toBe(202);
    await em().query('UPDATE hosts SET facts = NULL WHERE id = $1', [source.id]);
  });

  it('refuses what can not be', async () => {
    const target = await host();
    await refused({ mode: 'live', host: source.id }, 409, 'conflict');
    await refused({ mode: 'live', host: 'nowhere' }, 400, 'invalid_input');
    await refused({ mode: 'warp' }, 400, 'invalid_input');
    await refused({ mode: 'live', bandwidth_bps: 1 }, 400, 'invalid_input');
    await em().update(ServerEntity, { id }, { status: 'frozen' });
    await refused({ mode: 'live' }, 409, 'conflict');
    await em().update(
      ServerEntity,
      { id },
      { status: 'running', devices: [{ device: '/dev/sdz', access: 'rw' }] },
    );
    const error = await refused({ mode: 'offline' }, 422, 'unsupported');
    expect(error).toMatchObject({
      details: { capability: 'devices' },
      message: expect.stringContaining('/dev/sdz'),
    });
    await em().update(ServerEntity, { id }, { devices: [] });
    await em().update(HostEntity, { id: target.id }, { capacityCpus: 0.1 });
    await refused({ mode: 'live', host: target.id }, 503, 'no_capacity');
    await em().update(HostEntity, { id: source.id }, { reachable: false });
    await refused({ mode: 'live' }, 503, 'unavailable');
    await em().update(HostEntity, { id: source.id }, { reachable: true });
  });

  it('is retried with room that is reserved anew', async () => {
    const target = await host();
    const { body } = await migrate({ mode: 'live' });
    await ended(body.operation.id, 'failed');
    await endMigration(em(), body.operation.id);
    expect(await used(target)).toEqual([0, 0, 0, 0]);
    const answer = await api.request('POST', `/v1/operations/${body.operation.id}/actions/retry`, {
      token: api.tokens.operator,
    });
    expect(answer.status).toBe(202);
    const { id: operationId } = answer.body.operation;
    expect(await em().findOneByOrFail(ServerMigrationEntity, { operationId })).toMatchObject({
      targetHostId: target.id,
      endedAt: null,
    });
    expect(await used(target)).toEqual(await needs());
  });

  it('is for operators', async () => {
    await host();
    for (const token of [api.tokens.customer, api.tokens.billing]) {
      expect((await migrate({ mode: 'live' }, token)).status).toBe(403);
    }
  });
});
