import { TenantEntity } from '@berth/database';
import { startTestApi, type TestApi } from '../testing/test-api';

describe('Idempotency-Key', () => {
  let api: TestApi;
  let order: Record<string, unknown>;

  beforeAll(async () => {
    api = await startTestApi();
    const { plan, template, location } = api.world;
    order = { name: 'web', plan: plan.name, template: template.name, location: location.name };
  });
  afterAll(() => api.close());

  const post = (key: string, body: unknown, path = '/v1/servers', token?: string) =>
    api.request('POST', path, { body, token, headers: { 'idempotency-key': key } });
  const servers = async () => (await api.rowCounts()).servers!;

  it('gives the same answer again, less the root password, and does nothing', async () => {
    const first = await post('k1', order);
    const before = await api.rowCounts();
    const again = await post('k1', { ...order });
    expect(await api.rowCounts()).toEqual(before);
    expect(again.status).toBe(first.status);
    const { root_password: secret, ...rest } = first.body;
    expect(secret).toBeDefined();
    expect(again.body).toEqual(rest);
    const kept = JSON.stringify(await api.database.dataSource.query('SELECT * FROM idempotency_keys'));
    expect(kept).not.toContain(secret);
  });

  it('refuses the key for another body or path', async () => {
    await post('k2', order);
    const before = await api.rowCounts();
    for (const answer of [
      await post('k2', { ...order, name: 'other' }),
      await post('k2', { ...order, root_password: 'something else' }),
      await post('k2', { name: 't' }, '/v1/tokens'),
    ]) {
      expect([answer.status, answer.body.error.code]).toEqual([422, 'idempotency_key_reused']);
    }
    expect(await api.rowCounts()).toEqual(before);
  });

  it('makes one thing of many requests that come together', async () => {
    const before = await servers();
    const answers = await Promise.all(Array.from({ length: 30 }, () => post('k3', order)));
    expect(await servers()).toBe(before + 1);
    const done = answers.filter(({ status }) => status === 202);
    expect(done.length).toBeGreaterThanOrEqual(1);
    expect(new Set(done.map(({ body }) => body.server.id)).size).toBe(1);
    // Those that met the first one still at work were told so.
    for (const { status, body } of answers.filter((answer) => answer.status !== 202)) {
      expect([status, body.error.code]).toEqual([409, 'conflict']);
    }
  });

  it('is a key of its tenant: another token of the tenant repeats, another tenant does not', async () => {
    const first = await post('k4', order);
    const colleague = await api.makeToken('customer', api.world.tenant.id);
    expect((await post('k4', order, '/v1/servers', colleague)).body.server.id).toBe(first.body.server.id);
    const body = { ...order, tenant_id: api.world.tenant.id };
    const staff = await post('k4', body, '/v1/servers', api.tokens.operator);
    expect(staff.status).toBe(202);
    expect(staff.body.server.id).not.toBe(first.body.server.id);
  });

  it('really tries again after a refusal', async () => {
    const tenants = api.database.dataSource.getRepository(TenantEntity);
    const { id } = api.world.tenant;
    await tenants.update({ id }, { quotaServers: 0 });
    const refused = await post('k5', order);
    expect([refused.status, refused.body.error.code]).toEqual([422, 'quota_exceeded']);
    await tenants.update({ id }, { quotaServers: 10_000 });
    expect((await post('k5', order)).status).toBe(202);
  });

  it('is forgotten after 24 hours', async () => {
    const first = await post('k6', order);
    await api.database.dataSource.query(
      `UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'k6'`,
    );
    const later = await post('k6', order);
    expect(later.status).toBe(202);
    expect(later.body.server.id).not.toBe(first.body.server.id);
    expect((await post('k6', order)).body.server.id).toBe(later.body.server.id);
  });

  it.each(['', 'a b', 'x'.repeat(256), 'ä'])('refuses %j as a key', async (key) => {
    const { status, body } = await post(Buffer.from(key).toString('latin1'), order);
    expect([status, body.error?.details.fields?.[0].name]).toEqual([400, 'Idempotency-Key']);
  });

  it('shows the secret of a new token once', async () => {
    const first = await post('k7', { name: 'ci' }, '/v1/tokens');
    const again = await post('k7', { name: 'ci' }, '/v1/tokens');
    expect(first.body.secret).toMatch(/^berth_/);
    expect(again.body).toEqual({ token: first.body.token });
  });
});
