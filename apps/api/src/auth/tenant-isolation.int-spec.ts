import { newId, reserveSnapshot, ServerEntity, SnapshotEntity, TenantEntity } from '@berth/database';
import { noQuota } from '../tenants/tenant-quota';
import { startTestApi, type TestApi, type TestAnswer } from '../testing/test-api';

/**
 * What one tenant may do at a route with another's things.
 * `public`: nothing of a tenant is there. `sign_in`: makes a session of what the request itself holds. `session`: the cookie's own.
 * `staff`: no customer gets in. `catalogue`: the same for all, staff change it. `stream`: does not end, see live.int-spec.ts.
 * `list`: only the own things are in it. `item`: another's is 404, and nothing changes. `new`: what is made is the caller's own.
 */
type Rule = 'public' | 'sign_in' | 'session' | 'staff' | 'catalogue' | 'stream' | 'list' | 'item' | 'new';

const rules: Record<string, Rule> = {
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /metrics': 'public',
  'POST /v1/session': 'sign_in',
  'GET /v1/session': 'public',
  'DELETE /v1/session': 'session',
  'GET /v1/session/providers': 'public',
  'GET /v1/session/oidc/login': 'sign_in',
  'GET /v1/session/oidc/callback': 'sign_in',
  'GET /v1/audit_events': 'staff',
  'GET /v1/drift': 'staff',
  'GET /v1/jobs': 'staff',
  'GET /v1/overview': 'staff',
  'GET /v1/hosts': 'staff',
  'POST /v1/hosts': 'staff',
  'GET /v1/hosts/{id}': 'staff',
  'GET /v1/hosts/{id}/metrics': 'staff',
  'PATCH /v1/hosts/{id}': 'staff',
  'DELETE /v1/hosts/{id}': 'staff',
  'POST /v1/hosts/{id}/actions/cordon': 'staff',
  'POST /v1/hosts/{id}/actions/uncordon': 'staff',
  'GET /v1/ip_pools': 'staff',
  'POST /v1/ip_pools': 'staff',
  'GET /v1/ip_pools/{id}': 'staff',
  'GET /v1/ip_pools/{id}/addresses': 'staff',
  'PATCH /v1/ip_pools/{id}': 'staff',
  'DELETE /v1/ip_pools/{id}': 'staff',
  'GET /v1/tenants': 'staff',
  'POST /v1/tenants': 'staff',
  'GET /v1/tenants/{id}': 'staff',
  'PATCH /v1/tenants/{id}': 'staff',
  'POST /v1/tenants/{id}/tokens': 'staff',
  'POST /v1/tenants/{id}/actions/suspend': 'staff',
  'POST /v1/tenants/{id}/actions/unsuspend': 'staff',
  'POST /v1/tenants/{id}/actions/terminate': 'staff',
  'POST /v1/operations/{id}/actions/retry': 'staff',
  'GET /v1/plans': 'catalogue',
  'GET /v1/plans/{id}': 'catalogue',
  'POST /v1/plans': 'staff',
  'PATCH /v1/plans/{id}': 'staff',
  'DELETE /v1/plans/{id}': 'staff',
  'GET /v1/templates': 'catalogue',
  'GET /v1/templates/{id}': 'catalogue',
  'POST /v1/templates': 'staff',
  'PATCH /v1/templates/{id}': 'staff',
  'DELETE /v1/templates/{id}': 'staff',
  'GET /v1/locations': 'catalogue',
  'GET /v1/locations/{id}': 'catalogue',
  'POST /v1/locations': 'staff',
  'PATCH /v1/locations/{id}': 'staff',
  'DELETE /v1/locations/{id}': 'staff',
  'GET /v1/stream': 'stream',
  'GET /v1/quota': 'list',
  'GET /v1/usage': 'list',
  'GET /v1/usage.csv': 'staff',
  'GET /v1/invoice_preview': 'list',
  'GET /v1/servers': 'list',
  'POST /v1/servers': 'new',
  'GET /v1/servers/{id}': 'item',
  'PATCH /v1/servers/{id}': 'item',
  'DELETE /v1/servers/{id}': 'item',
  'POST /v1/servers/{id}/actions/start': 'item',
  'POST /v1/servers/{id}/actions/stop': 'item',
  'POST /v1/servers/{id}/actions/restart': 'item',
  'POST /v1/servers/{id}/actions/kill': 'item',
  'POST /v1/servers/{id}/actions/freeze': 'item',
  'POST /v1/servers/{id}/actions/unfreeze': 'item',
  'POST /v1/servers/{id}/actions/checkpoint': 'item',
  'POST /v1/servers/{id}/actions/restore': 'item',
  'POST /v1/servers/{id}/actions/reset_password': 'item',
  'POST /v1/servers/{id}/actions/set_hostname': 'item',
  'POST /v1/servers/{id}/actions/change_protection': 'item',
  'POST /v1/servers/{id}/actions/resize': 'item',
  'POST /v1/servers/{id}/actions/reinstall': 'item',
  'POST /v1/servers/{id}/actions/enable_feature': 'item',
  'POST /v1/servers/{id}/actions/disable_feature': 'item',
  'POST /v1/servers/{id}/actions/add_device': 'staff',
  'POST /v1/servers/{id}/actions/remove_device': 'staff',
  'POST /v1/servers/{id}/actions/migrate': 'staff',
  'POST /v1/servers/{id}/actions/suspend': 'staff',
  'POST /v1/servers/{id}/actions/unsuspend': 'staff',
  'POST /v1/servers/{id}/actions/terminate': 'staff',
  'POST /v1/servers/{id}/actions/add_address': 'item',
  'POST /v1/servers/{id}/actions/remove_address': 'item',
  'POST /v1/servers/{id}/actions/set_rdns': 'item',
  'POST /v1/servers/{id}/exec': 'item',
  'GET /v1/servers/{id}/console': 'item',
  'POST /v1/servers/{id}/console_tickets': 'item',
  'GET /v1/servers/{id}/beancounters': 'item',
  'GET /v1/servers/{id}/metrics': 'item',
  'GET /v1/servers/{id}/migration_targets': 'staff',
  'GET /v1/servers/{id}/snapshots': 'item',
  'POST /v1/servers/{id}/snapshots': 'item',
  'GET /v1/snapshots': 'list',
  'GET /v1/snapshots/{id}': 'item',
  'DELETE /v1/snapshots/{id}': 'item',
  'POST /v1/snapshots/{id}/actions/rollback': 'item',
  'POST /v1/snapshots/{id}/actions/clone': 'item',
  'GET /v1/operations': 'list',
  'GET /v1/operations/{id}': 'item',
  'GET /v1/operations/{id}/events': 'item',
  'GET /v1/operations/{id}/log': 'item',
  'POST /v1/operations/{id}/actions/cancel': 'item',
  'GET /v1/tokens': 'list',
  'POST /v1/tokens': 'new',
  'GET /v1/tokens/{id}': 'item',
  'DELETE /v1/tokens/{id}': 'item',
  'GET /v1/webhooks': 'list',
  'POST /v1/webhooks': 'new',
  'GET /v1/webhooks/{id}': 'item',
  'PATCH /v1/webhooks/{id}': 'item',
  'DELETE /v1/webhooks/{id}': 'item',
  'POST /v1/webhooks/{id}/actions/rotate_secret': 'item',
  'POST /v1/webhooks/{id}/actions/test': 'item',
  'GET /v1/webhooks/{id}/deliveries': 'item',
  'POST /v1/webhook_deliveries/{id}/actions/redeliver': 'item',
};

/** Bodies that the schemas take: a refusal must not come from them. */
const bodies: Record<string, unknown> = {
  'POST /v1/servers/{id}/actions/set_hostname': { hostname: 'stolen' },
  'POST /v1/servers/{id}/actions/change_protection': { delete: false },
  'POST /v1/servers/{id}/actions/enable_feature': { feature: 'tun' },
  'POST /v1/servers/{id}/actions/disable_feature': { feature: 'tun' },
  'POST /v1/servers/{id}/actions/add_address': { family: 4 },
  'POST /v1/servers/{id}/exec': { command: ['id'] },
  'POST /v1/snapshots/{id}/actions/clone': { name: 'stolen' },
  'PATCH /v1/servers/{id}': { name: 'stolen' },
};

const ofRule = (rule: Rule) => Object.keys(rules).filter((route) => rules[route] === rule);

describe('one tenant never sees what another has', () => {
  let api: TestApi;
  let intruder: string;
  let intruderTenant: string;
  let routes: string[];
  /** Things of the tenant that is spied at: an id by the first word of the path. */
  const owned: Record<string, string> = {};

  const send = (route: string, token: string, reference?: string): Promise<TestAnswer> => {
    const [method, path] = route.split(' ') as [string, string];
    const body = method === 'GET' || method === 'DELETE' ? undefined : (bodies[route] ?? {});
    return api.request(method, path.replace('{id}', reference ?? newId()), { token, body });
  };
  const idFor = (route: string) => owned[route.split('/')[2]!]!;

  beforeAll(async () => {
    api = await startTestApi();
    const { plan, template, location, tenant } = api.world;
    const order = { name: 'precious', plan: plan.name, template: template.name, location: location.name };
    const made = await api.request('POST', '/v1/servers', { body: order });
    owned.servers = made.body.server.id;
    const [{ address }] = made.body.server.addresses;
    bodies['POST /v1/servers/{id}/actions/resize'] = { plan: plan.name };
    bodies['POST /v1/servers/{id}/actions/reinstall'] = { template: template.name };
    bodies['POST /v1/servers/{id}/actions/remove_address'] = { address };
    bodies['POST /v1/servers/{id}/actions/set_rdns'] = { address, name: 'stolen.example.org' };
    // One that has ended, so that its event stream ends.
    const ended = await api.request('POST', '/v1/servers/precious/actions/change_protection', {
      body: { delete: false },
    });
    owned.operations = ended.body.operation.id;
    owned.tokens = (await api.request('POST', '/v1/tokens', { body: { name: 'spare' } })).body.token.id;
    const hook = { url: 'https://hooks.example.com/precious', events: ['server.*'] };
    owned.webhooks = (await api.request('POST', '/v1/webhooks', { body: hook })).body.webhook.id;
    const tested = await api.request('POST', `/v1/webhooks/${owned.webhooks}/actions/test`);
    owned.webhook_deliveries = tested.body.webhook_delivery.id;
    owned.tenants = tenant.id;
    const em = api.database.dataSource.manager;
    owned.snapshots = newId();
    const row = await em.findOneByOrFail(ServerEntity, { id: owned.servers });
    await reserveSnapshot(em, row, { id: owned.snapshots, name: 'precious-1', memory: false });
    await em.update(SnapshotEntity, { id: owned.snapshots }, { status: 'available' });
    const other = em.create(TenantEntity, {
      id: newId(),
      name: 'intruder',
      externalId: null,
      status: 'active',
      ...noQuota,
    });
    await em.save(other);
    intruderTenant = other.id;
    intruder = await api.makeToken('customer', other.id);
    const document = (await api.request('GET', '/openapi.json', { token: null })).body;
    routes = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
  });
  afterAll(() => api.close());

  it('has a rule for every route of the OpenAPI document, and no other', () => {
    expect(routes.sort()).toEqual(Object.keys(rules).sort());
  });

  it('lets nobody in without a token, but where it is public', async () => {
    for (const route of routes) {
      const [method, path] = route.split(' ') as [string, string];
      const { status } = await api.request(method, path.replace('{id}', newId()), { token: null });
      if (rules[route] === 'sign_in') expect([route, [400, 404].includes(status)]).toEqual([route, true]);
      else expect([route, status]).toEqual([route, rules[route] === 'public' ? 200 : 401]);
    }
  });

  it.each(ofRule('staff'))('%s is closed to customers', async (route) => {
    const before = await api.rowCounts();
    const { status, body } = await send(route, intruder, idFor(route) ?? api.world.host.id);
    expect(status === 403 ? body.error.code : [status, body]).toBe('forbidden');
    expect(await api.rowCounts()).toEqual(before);
  });

  it.each(ofRule('item'))("%s is 404 for another tenant's", async (route) => {
    const before = await api.rowCounts();
    const references = route.includes('/servers/') ? [idFor(route), 'precious'] : [idFor(route)];
    for (const reference of references) {
      const { status, body } = await send(route, intruder, reference);
      expect([status, body.error?.code]).toEqual([404, 'not_found']);
      expect(JSON.stringify(body)).not.toContain(api.world.tenant.id);
    }
    expect(await api.rowCounts()).toEqual(before);
  });

  it.each(ofRule('list'))('%s holds nothing of another tenant, asked for or not', async (route) => {
    const mine = await send(route, intruder);
    expect(mine.status).toBe(200);
    const secrets = [...Object.values(owned), api.world.host.id];
    for (const secret of secrets) expect(JSON.stringify(mine.body)).not.toContain(secret);
    const path = route.split(' ')[1]!;
    const asked = await api.request('GET', `${path}?tenant_id=${api.world.tenant.id}`, { token: intruder });
    expect([asked.status, asked.body.error?.code]).toEqual([404, 'not_found']);
    // The owner does see it: the lists are not just empty.
    const owner = await api.request('GET', `${path}?tenant_id=${api.world.tenant.id}`);
    expect(JSON.stringify(owner.body)).toContain(owned[path.split('/')[2]!] ?? api.world.tenant.id);
  });

  it('makes a webhook for nobody else', async () => {
    const body = { url: 'https://hooks.example.com/', tenant_id: api.world.tenant.id };
    const before = await api.rowCounts();
    const foreign = await api.request('POST', '/v1/webhooks', { token: intruder, body });
    expect([foreign.status, foreign.body.error?.code]).toEqual([404, 'not_found']);
    expect(await api.rowCounts()).toEqual(before);
    const own = await api.request('POST', '/v1/webhooks', {
      token: intruder,
      body: { url: body.url, tenant_id: null },
    });
    expect(own.body.webhook.tenant_id).toBe(intruderTenant);
  });

  it('makes a server and a token for nobody else', async () => {
    const { plan, template, location, tenant } = api.world;
    const order = { name: 'gift', plan: plan.id, template: template.id, location: location.id };
    const before = await api.rowCounts();
    const foreign = await api.request('POST', '/v1/servers', {
      token: intruder,
      body: { ...order, tenant_id: tenant.id },
    });
    expect([foreign.status, foreign.body.error?.code]).toEqual([404, 'not_found']);
    expect(await api.rowCounts()).toEqual(before);
    const own = await api.request('POST', '/v1/servers', { token: intruder, body: order });
    expect(own.body.server.tenant_id).toBe(intruderTenant);
    const token = await api.request('POST', '/v1/tokens', { token: intruder, body: {} });
    expect(token.body.token.tenant_id).toBe(intruderTenant);
  });

  it('does show the catalogue, without what is only for operators', async () => {
    const { plan, template, location } = api.world;
    const ids: Record<string, string> = { plans: plan.id, templates: template.id, locations: location.id };
    for (const route of ofRule('catalogue')) {
      const answer = await send(route, intruder, ids[route.split('/')[2]!]);
      expect([route, answer.status]).toEqual([route, 200]);
      expect(JSON.stringify(answer.body)).not.toContain(template.source);
    }
  });

  it('lets the owner do what the other could not', async () => {
    const items = ofRule('item').sort(
      (a, b) => Number(a.startsWith('DELETE')) - Number(b.startsWith('DELETE')),
    );
    for (const route of items) {
      const { status } = await send(route, api.tokens.customer, idFor(route));
      expect([route, [200, 202, 204, 409, 426].includes(status)]).toEqual([route, true]);
    }
  });
});
