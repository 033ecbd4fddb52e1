import { OperationEntity, ServerEntity, unseal } from '@berth/database';
import type { OperationStatus, ServerStatus } from '@berth/contracts';
import { startTestApi, type TestApi, type TestAnswer } from '../testing/test-api';

describe('what is done to a server', () => {
  let api: TestApi;
  let id: string;
  let count = 0;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());
  beforeEach(async () => {
    const { server, operation } = await order();
    id = server.id;
    await end(operation.id, 'succeeded', 'running');
  });

  async function order(more: object = {}) {
    const { plan, template, location } = api.world;
    const name = `s${count++}`;
    const body = { name, plan: plan.id, template: template.id, location: location.id, ...more };
    return (await api.request('POST', '/v1/servers', { body })).body;
  }

  /** What a worker would write in the end. */
  async function end(operationId: string, status: OperationStatus, server?: ServerStatus): Promise<void> {
    const em = api.database.dataSource.manager;
    const operation = await em.findOneByOrFail(OperationEntity, { id: operationId });
    await em.update(OperationEntity, { id: operationId }, { status, finishedAt: new Date() });
    const deletedAt = server === 'deleted' ? new Date() : null;
    if (server) await em.update(ServerEntity, { id: operation.serverId! }, { status: server, deletedAt });
  }

  const act = (verb: string, body?: unknown, options = {}): Promise<TestAnswer> =>
    api.request('POST', `/v1/servers/${id}/actions/${verb}`, { body, ...options });
  const server = () => api.database.dataSource.manager.findOneByOrFail(ServerEntity, { id });
  const inputOf = async (operationId: string) =>
    (await api.database.dataSource.manager.findOneByOrFail(OperationEntity, { id: operationId })).input;

  it.each([
    ['start', undefined, 'start_server', {}, 'running'],
    ['stop', { timeout_s: 5 }, 'stop_server', { timeout_s: 5 }, 'stopped'],
    ['stop', undefined, 'stop_server', { timeout_s: 30 }, 'stopped'],
    ['restart', {}, 'restart_server', { timeout_s: 30 }, 'running'],
    ['kill', {}, 'kill_server', {}, 'stopped'],
    [
      'set_hostname',
      { hostname: 'db.example.org' },
      'set_hostname',
      { hostname: 'db.example.org' },
      'running',
    ],
  ])('%s %j', async (verb, body, kind, input, desired) => {
    const answer = await act(verb, body);
    expect([answer.status, answer.body.operation.kind, answer.body.operation.status]).toEqual([
      202,
      kind,
      'pending',
    ]);
    expect(await inputOf(answer.body.operation.id)).toEqual(input);
    expect((await server()).desiredState).toBe(desired);
    const shown = (await api.request('GET', `/v1/servers/${id}`)).body.server;
    expect(shown.operation).toBe(answer.body.operation.id);
  });

  it('refuses a second operation while one runs: locked, with its id', async () => {
    const first = await act('stop');
    for (const verb of ['start', 'stop', 'restart', 'kill', 'reset_password']) {
      const before = await api.rowCounts();
      const { status, body } = await act(verb);
      expect([status, body.error.code]).toEqual([409, 'locked']);
      expect(body.error.details).toEqual({ operation_id: first.body.operation.id });
      expect(await api.rowCounts()).toEqual(before);
    }
  });

  it('takes one of many that come together', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => act('restart')));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error?.code === 'locked')).toHaveLength(19);
  });

  it('refuses what does not go from its status: conflict', async () => {
    await api.database.dataSource.manager.update(ServerEntity, { id }, { status: 'frozen' });
    const before = await api.rowCounts();
    const { status, body } = await act('start');
    expect([status, body.error.code, body.error.details.status]).toEqual([409, 'conflict', 'frozen']);
    expect(await api.rowCounts()).toEqual(before);
  });

  it('resets the password to one that is answered once, or to the one that was sent', async () => {
    const made = await act('reset_password');
    expect(made.body.root_password).toMatch(/^[\w-]{24}$/);
    const { sealed_root_password: sealed } = await inputOf(made.body.operation.id);
    expect(await unseal(api.keys, String(sealed))).toBe(made.body.root_password);
    await end(made.body.operation.id, 'succeeded');
    const sent = await act('reset_password', { root_password: 'pa$$ `word`; "x"' });
    expect(sent.body).not.toHaveProperty('root_password');
    const input = await inputOf(sent.body.operation.id);
    expect(await unseal(api.keys, String(input.sealed_root_password))).toBe('pa$$ `word`; "x"');
  });

  it('protects from deletion, at once, also while another operation runs', async () => {
    await act('stop');
    const answer = await act('change_protection', { delete: true });
    expect([answer.status, answer.body.operation.status]).toEqual([202, 'succeeded']);
    expect((await api.request('GET', `/v1/servers/${id}`)).body.server.protection).toEqual({ delete: true });
    const before = await api.rowCounts();
    const refused = await api.request('DELETE', `/v1/servers/${id}`);
    expect([refused.status, refused.body.error.code]).toEqual([423, 'protected']);
    expect(await api.rowCounts()).toEqual(before);
    await act('change_protection', { delete: false });
    expect((await api.request('DELETE', `/v1/servers/${id}`)).status).toBe(202);
  });

  it('deletes behind what runs, asking that to stop; twice gives the same operation; then it is gone', async () => {
    const { operation: running } = (await act('restart')).body;
    const first = await api.request('DELETE', `/v1/servers/${id}`);
    expect([first.status, first.body.operation.waits_for]).toEqual([202, running.id]);
    expect((await api.request('GET', `/v1/operations/${running.id}`)).body.operation.cancel_requested).toBe(
      true,
    );
    const second = await api.request('DELETE', `/v1/servers/${id}`);
    expect([second.status, second.body.operation.id]).toEqual([202, first.body.operation.id]);
    await end(running.id, 'cancelled');
    await end(first.body.operation.id, 'succeeded', 'deleted');
    for (const method of ['GET', 'DELETE', 'PATCH']) {
      expect(
        (await api.request(method, `/v1/servers/${id}`, { body: method === 'PATCH' ? {} : undefined }))
          .status,
      ).toBe(404);
    }
    const { operator } = api.tokens;
    const path = `/v1/servers/${id}?deleted=true`;
    expect((await api.request('GET', path)).status).toBe(403);
    expect((await api.request('GET', path, { token: operator })).body.server.status).toBe('deleted');
    expect((await api.request('GET', `/v1/servers/${id}`, { token: operator })).status).toBe(404);
    await api.database.dataSource.query(
      `UPDATE servers SET deleted_at = now() - interval '31 days' WHERE id = $1`,
      [id],
    );
    expect((await api.request('GET', path, { token: operator })).status).toBe(404);
  });

  it('knows a server by its name, unless several have it', async () => {
    const { name } = await server();
    expect((await api.request('GET', `/v1/servers/${name}`)).body.server.id).toBe(id);
    await order({ name });
    const { status, body } = await api.request('GET', `/v1/servers/${name}`);
    expect([status, body.error.code]).toEqual([409, 'conflict']);
    expect(body.error.message).toContain('id');
  });

  it('answers a repeated external_id with the first server, whatever became of its operation', async () => {
    const externalId = `order-${id}`;
    const first = await order({ name: 'twin', external_id: externalId, root_password: 'a secret 1' });
    await end(first.operation.id, 'succeeded', 'running');
    const before = await api.rowCounts();
    const again = await order({ name: 'twin', external_id: externalId, root_password: 'a secret 1' });
    expect([again.server.id, again.operation.id]).toEqual([first.server.id, first.operation.id]);
    expect(again.server.status).toBe('running');
    const other = await order({ name: 'twin', external_id: externalId, root_password: 'a secret 2' });
    expect(other.error.code).toBe('uniqueness_error');
    expect(await api.rowCounts()).toEqual(before);
    const list = await api.request('GET', `/v1/servers?external_id=${externalId}`);
    expect(list.body.servers).toHaveLength(1);
  });

  it('changes name, labels, external_id and boot order, and leaves what is not named', async () => {
    const patch = (body: object) => api.request('PATCH', `/v1/servers/${id}`, { body });
    await patch({
      name: 'renamed',
      labels: { a: '1' },
      external_id: `x-${id}`,
      onboot: false,
      boot_order: 7,
    });
    const { body } = await patch({ external_id: null });
    expect(body.server).toMatchObject({
      name: 'renamed',
      labels: { a: '1' },
      external_id: null,
      onboot: false,
      boot_order: 7,
    });
  });

  it('cancels an operation while the plan allows it', async () => {
    const { operation } = await order();
    const cancelled = await api.request('POST', `/v1/operations/${operation.id}/actions/cancel`);
    expect([cancelled.status, cancelled.body.operation.cancel_requested]).toEqual([202, true]);
    expect((await api.request('POST', `/v1/operations/${operation.id}/actions/cancel`)).status).toBe(202);
    await end(operation.id, 'cancelled', 'deleted');
    const late = await api.request('POST', `/v1/operations/${operation.id}/actions/cancel`);
    expect([late.status, late.body.error.code]).toEqual([409, 'conflict']);
    const { operation: stop } = (await act('stop')).body;
    await api.database.dataSource.query(
      `UPDATE operation_steps SET status = 'running', attempt = 1 WHERE operation_id = $1`,
      [stop.id],
    );
    const refused = await api.request('POST', `/v1/operations/${stop.id}/actions/cancel`);
    expect([refused.status, refused.body.error.code]).toEqual([409, 'conflict']);
  });

  it('cancels what waits at its point of no return, untouched', async () => {
    const { operation: stop } = (await act('stop')).body;
    const cancelled = await api.request('POST', `/v1/operations/${stop.id}/actions/cancel`);
    expect([cancelled.status, cancelled.body.operation.cancel_requested]).toEqual([202, true]);
  });

  it('tries a failed operation again, once, with its secret', async () => {
    const retry = (operationId: string) =>
      api.request('POST', `/v1/operations/${operationId}/actions/retry`, { token: api.tokens.operator });
    const { server: made, operation, root_password: password } = await order();
    expect((await retry(operation.id)).body.error.code).toBe('conflict');
    await end(operation.id, 'failed', 'error');
    const again = await retry(operation.id);
    expect([again.status, again.body.operation.status]).toEqual([202, 'pending']);
    expect(again.body.operation.server_id).toBe(made.id);
    const input = await inputOf(again.body.operation.id);
    expect(await unseal(api.keys, String(input.sealed_root_password))).toBe(password);
    expect(await inputOf(operation.id)).not.toHaveProperty('sealed_root_password');
    await end(again.body.operation.id, 'failed', 'error');
    expect((await retry(operation.id)).body.error.code).toBe('conflict');
  });
});
