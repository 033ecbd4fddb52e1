import { unseal } from '@berth/database';
import { startTestApi, type TestApi } from '../testing/test-api';

describe('ordering a server', () => {
  let api: TestApi;
  let order: Record<string, unknown>;

  beforeAll(async () => {
    api = await startTestApi();
    const { plan, template, location } = api.world;
    order = { name: 'web-1', plan: plan.name, template: template.name, location: location.name };
  });
  afterAll(() => api.close());

  it('answers 202 with the server, its operation and a password that only the worker can read later', async () => {
    const { status, body } = await api.request('POST', '/v1/servers', {
      body: { ...order, labels: { env: 'prod' } },
    });
    expect(status).toBe(202);
    expect(body.server).toMatchObject({
      name: 'web-1',
      hostname: 'web-1',
      status: 'creating',
      tenant_id: api.world.tenant.id,
      plan: api.world.plan.name,
      template: api.world.template.name,
      location: api.world.location.name,
      external_id: null,
      labels: { env: 'prod' },
      operation: body.operation.id,
      protection: { delete: false },
    });
    expect(body.server).not.toHaveProperty('host_id');
    expect(body.server.limits).toMatchObject({ cpu_limit_percent: 50, io_limit_bps: null, cpu_mask: null });
    expect(body.server.addresses).toEqual([
      { address: '10.200.0.1', family: 4, prefix: 32, rdns: null, primary: true },
    ]);
    expect(body.operation).toMatchObject({
      kind: 'create_server',
      status: 'pending',
      progress: 0,
      server_id: body.server.id,
      error: null,
      finished_at: null,
    });
    expect(body.operation.steps.map((step: { name: string }) => step.name)).toContain('create_container');
    expect(body.root_password).toMatch(/^[\w-]{24}$/);
    const [row] = await api.database.dataSource.query('SELECT input FROM operations WHERE id = $1', [
      body.operation.id,
    ]);
    expect(JSON.stringify(row)).not.toContain(body.root_password);
    expect(await unseal(api.keys, row.input.sealed_root_password)).toBe(body.root_password);
  });

  it('shows host_id to operators, and needs tenant_id of them', async () => {
    const token = api.tokens.operator;
    const without = await api.request('POST', '/v1/servers', { token, body: order });
    expect(without.status).toBe(400);
    expect(without.body.error.details.fields[0].name).toBe('tenant_id');
    const { status, body } = await api.request('POST', '/v1/servers', {
      token,
      body: { ...order, tenant_id: api.world.tenant.id },
    });
    expect(status).toBe(202);
    expect(body.server.host_id).toBe(api.world.host.id);
  });
});
