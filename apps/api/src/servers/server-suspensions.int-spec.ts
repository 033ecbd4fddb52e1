import type { OperationStatus, ServerStatus } from '@berth/contracts';
import { OperationEntity, ServerEntity, TenantEntity } from '@berth/database';
import { startTestApi, type TestAnswer, type TestApi } from '../testing/test-api';

let api: TestApi;
let id: string;
let billing: string;
let count = 0;
const em = () => api.database.dataSource.manager;

beforeAll(async () => {
  api = await startTestApi();
  billing = await api.makeToken('billing', null);
});
afterAll(() => api.close());
beforeEach(async () => {
  await em().update(TenantEntity, { id: api.world.tenant.id }, { status: 'active', terminateAt: null });
  id = await running();
});
afterEach(async () => {
  await em().query(
    `UPDATE operations SET status = 'cancelled', finished_at = now() WHERE finished_at IS NULL`,
  );
  await em().query(`UPDATE servers SET status = 'deleted', deleted_at = now() WHERE deleted_at IS NULL`);
});

async function running(): Promise<string> {
  const { plan, template, location } = api.world;
  const body = { name: `s${count++}`, plan: plan.id, template: template.id, location: location.id };
  const { server, operation } = (await api.request('POST', '/v1/servers', { body })).body;
  await end(operation.id, 'succeeded', 'running');
  return server.id as string;
}

/** What a worker would write in the end. */
async function end(operationId: string, status: OperationStatus, to: ServerStatus): Promise<void> {
  const { serverId } = await em().findOneByOrFail(OperationEntity, { id: operationId });
  await em().update(OperationEntity, { id: operationId }, { status, finishedAt: new Date() });
  await em().update(ServerEntity, { id: serverId! }, { status: to });
}

const asBilling = (path: string, body: unknown = {}): Promise<TestAnswer> =>
  api.request('POST', path, { body, token: billing });
const act = (verb: string, body: unknown = {}) => asBilling(`/v1/servers/${id}/actions/${verb}`, body);
const ofTenant = (verb: string, body: unknown = {}) =>
  asBilling(`/v1/tenants/${api.world.tenant.id}/actions/${verb}`, body);
const asCustomer = (verb: string, body: unknown = {}) =>
  api.request('POST', `/v1/servers/${id}/actions/${verb}`, { body });
const shown = async (of = id) =>
  (await api.request('GET', `/v1/servers/${of}`, { token: billing })).body.server;

async function suspended(body: object = {}): Promise<void> {
  const answer = await act('suspend', body);
  await end(answer.body.operation.id, 'succeeded', 'suspended');
}

describe('suspend', () => {
  it('asks for an operation, says why, and is the same when said again', async () => {
    const first = await act('suspend', { reason: 'invoice 12 is overdue' });
    expect(first).toMatchObject({
      status: 202,
      body: { operation: { kind: 'suspend_server', status: 'pending', server_id: id } },
    });
    const second = await act('suspend', { reason: 'invoice 12 is overdue' });
    expect([second.status, second.body.operation.id]).toEqual([202, first.body.operation.id]);
    const { suspension, status } = await shown();
    expect([status, suspension]).toMatchObject([
      'running',
      { server: { reason: 'invoice 12 is overdue', policy: 'stop' } },
    ]);
    await end(first.body.operation.id, 'succeeded', 'suspended');
    expect(await act('suspend')).toMatchObject({ status: 202, body: { operation: { status: 'succeeded' } } });
    expect((await shown()).suspension.server.since).toBe(suspension.server.since);
  });

  it('is for billing', async () => {
    expect((await asCustomer('suspend')).status).toBe(403);
    expect((await asCustomer('terminate')).status).toBe(403);
    expect((await shown()).suspension).toBeNull();
  });

  it('waits behind what is under way, without a cancel', async () => {
    const { body } = await asCustomer('restart');
    const answer = await act('suspend');
    expect(answer.body.operation).toMatchObject({ status: 'pending', waits_for: body.operation.id });
    const restart = await em().findOneByOrFail(OperationEntity, { id: body.operation.id });
    expect(restart.cancelRequestedAt).toBeNull();
  });

  it.each(['start', 'restart', 'stop', 'freeze', 'resize', 'reinstall', 'reset_password', 'add_address'])(
    'lets its customer not %s, from the moment it is asked for',
    async (verb) => {
      const bodies: Record<string, object> = {
        resize: { plan: api.world.plan.id },
        reinstall: { template: api.world.template.id },
        add_address: { family: 4 },
      };
      const operation = await act('suspend', { reason: 'abuse' });
      const early = await asCustomer(verb, bodies[verb]);
      expect([early.status, early.body.error.message]).toEqual([409, expect.stringContaining('abuse')]);
      await end(operation.body.operation.id, 'succeeded', 'suspended');
      expect((await asCustomer(verb, bodies[verb])).status).toBe(409);
    },
  );

  it('lets billing resize it, and its customer look at it and delete it', async () => {
    await suspended();
    expect((await api.request('GET', `/v1/servers/${id}`)).body.server.status).toBe('suspended');
    const answer = await act('resize', { limits: { ram_bytes: 64 * 1024 ** 2 } });
    expect(answer.status).toBe(202);
    await end(answer.body.operation.id, 'succeeded', 'suspended');
    expect((await api.request('DELETE', `/v1/servers/${id}`)).status).toBe(202);
  });

  it('refuses what it does not know', async () => {
    expect((await act('suspend', { policy: 'shout' })).status).toBe(400);
    expect((await act('suspend', { reason: 'two\nlines' })).status).toBe(400);
    expect((await act('terminate', { grace_hours: -1 })).status).toBe(400);
    expect((await asBilling(`/v1/servers/${api.world.tenant.id}/actions/suspend`)).status).toBe(404);
    expect((await shown()).suspension).toBeNull();
  });
});

describe('unsuspend', () => {
  it.each([
    ['running', true],
    ['stopped', false],
  ] as const)('a server that was to be %s starts: %s', async (desiredState, start) => {
    await em().update(ServerEntity, { id }, { desiredState });
    await suspended();
    const answer = await act('unsuspend');
    expect(answer).toMatchObject({ status: 202, body: { operation: { kind: 'unsuspend_server' } } });
    const { input } = await em().findOneByOrFail(OperationEntity, { id: answer.body.operation.id });
    expect(input).toEqual({ start });
    await end(answer.body.operation.id, 'succeeded', 'running');
    expect(await act('unsuspend')).toMatchObject({ body: { operation: { status: 'succeeded' } } });
    expect((await shown()).suspension).toBeNull();
  });
});

describe('a tenant', () => {
  it('is suspended with all its servers, and let go but for those that were suspended by themselves', async () => {
    await suspended({ reason: 'abuse' });
    const other = await running();
    const answer = await ofTenant('suspend', { reason: 'overdue' });
    expect(answer).toMatchObject({
      status: 202,
      body: { tenant: { status: 'suspended', reason: 'overdue' } },
    });
    expect(answer.body.operations).toHaveLength(1);
    await end(answer.body.operations[0], 'succeeded', 'suspended');
    expect((await ofTenant('suspend', { reason: 'overdue' })).body.operations).toEqual([]);
    expect((await act('unsuspend')).body.error).toMatchObject({ code: 'conflict' });
    const { plan, template } = api.world;
    const order = { name: 'more', plan: plan.id, template: template.id };
    expect((await api.request('POST', '/v1/servers', { body: order })).status).toBe(403);

    const back = await ofTenant('unsuspend');
    expect(back.body).toMatchObject({ tenant: { status: 'active', reason: null } });
    expect(back.body.operations).toHaveLength(1);
    expect((await shown(other)).suspension).toBeNull();
    expect(Object.keys((await shown()).suspension)).toEqual(['server']);
    expect((await ofTenant('unsuspend')).status).toBe(202);
  });

  it('is terminated with a grace, which can be taken back until it is over', async () => {
    const answer = await ofTenant('terminate', { grace_hours: 24, reason: 'gone' });
    expect(answer.body.tenant).toMatchObject({ status: 'terminated', reason: 'gone' });
    const left = Date.parse(answer.body.tenant.terminate_at) - Date.now();
    expect(left).toBeGreaterThan(23.9 * 3_600_000);
    expect((await api.request('GET', '/v1/servers')).status).toBe(403);
    const again = await ofTenant('terminate', { grace_hours: 48 });
    expect(again.body.tenant.terminate_at).toBe(answer.body.tenant.terminate_at);
    expect((await ofTenant('suspend')).body.error.code).toBe('conflict');
    expect((await ofTenant('unsuspend')).body.tenant).toMatchObject({ status: 'active', terminate_at: null });
    expect(await shown()).toMatchObject({ suspension: null, terminate_at: null });

    await ofTenant('terminate', { grace_hours: 0 });
    expect((await ofTenant('unsuspend')).body.error.code).toBe('conflict');
  });
});

it('terminates a server: suspended now, deleted later, a shorter grace counts, unsuspend takes it back', async () => {
  const { body } = await act('terminate', { grace_hours: 10, final_snapshot: false });
  expect(body.operation.kind).toBe('suspend_server');
  const first = (await shown()).terminate_at;
  await act('terminate', { grace_hours: 100 });
  expect((await shown()).terminate_at).toBe(first);
  await act('terminate', { grace_hours: 1 });
  expect(Date.parse((await shown()).terminate_at)).toBeLessThan(Date.parse(first));
  await end(body.operation.id, 'succeeded', 'suspended');
  expect((await act('unsuspend')).body.operation.kind).toBe('unsuspend_server');
  expect(await shown()).toMatchObject({ suspension: null, terminate_at: null });
});
