import { TenantEntity, TokenEntity } from '@berth/database';
import { eventually } from '@berth/testing';
import { startTestApi, type TestApi } from '../testing/test-api';

describe('who may do what', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const tokens = () => api.database.dataSource.getRepository(TokenEntity);

  it.each<[string, Record<string, string>]>([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic eDp5' }],
    ['an unknown token', { authorization: `Bearer berth_${'A'.repeat(43)}` }],
    ['a malformed token', { authorization: "Bearer berth_' OR 1=1 --" }],
    ['nothing behind Bearer', { authorization: 'Bearer ' }],
  ])('%s: 401 unauthorized', async (_what, headers) => {
    const {
      status,
      body,
      headers: answered,
    } = await api.request('GET', '/v1/servers', { token: null, headers });
    expect([status, body.error.code]).toEqual([401, 'unauthorized']);
    expect(answered.get('www-authenticate')).toBe('Bearer');
  });

  it('keeps only the hash of a token, answers its secret once, and notes its use coarsely', async () => {
    const made = await api.request('POST', '/v1/tokens', { body: { name: 'laptop', scopes: ['read'] } });
    expect(made.status).toBe(201);
    const { secret, token } = made.body;
    expect(secret).toMatch(/^berth_[\w-]{43}$/);
    expect(token).toMatchObject({ name: 'laptop', role: 'customer', scopes: ['read'], last_used_at: null });
    const everything = JSON.stringify(await api.database.dataSource.query('SELECT * FROM tokens'));
    expect(everything).not.toContain(secret);
    expect((await api.request('GET', `/v1/tokens/${token.id}`)).body.token).not.toHaveProperty('secret');
    await api.request('GET', '/v1/servers', { token: secret });
    const { lastUsedAt } = await tokens().findOneByOrFail({ id: token.id });
    expect(lastUsedAt).not.toBeNull();
    await api.request('GET', '/v1/servers', { token: secret });
    expect((await tokens().findOneByOrFail({ id: token.id })).lastUsedAt).toEqual(lastUsedAt);
  });

  it('ends a token when it is revoked, and when it expires', async () => {
    const { secret, token } = (await api.request('POST', '/v1/tokens', { body: {} })).body;
    expect((await api.request('GET', '/v1/servers', { token: secret })).status).toBe(200);
    expect((await api.request('DELETE', `/v1/tokens/${token.id}`)).status).toBe(204);
    expect((await api.request('GET', '/v1/servers', { token: secret })).status).toBe(401);
    expect((await api.request('DELETE', `/v1/tokens/${token.id}`)).status).toBe(404);
    const second = (await api.request('POST', '/v1/tokens', { body: {} })).body;
    await tokens().update({ id: second.token.id }, { expiresAt: new Date(Date.now() - 1000) });
    expect((await api.request('GET', '/v1/servers', { token: second.secret })).status).toBe(401);
  });

  it('lets a token with the scope read only read', async () => {
    const reader = await api.makeToken('customer', api.world.tenant.id, ['read']);
    expect((await api.request('GET', '/v1/servers', { token: reader })).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/v1/servers'],
      ['POST', '/v1/tokens'],
      ['PATCH', '/v1/servers/x'],
      ['DELETE', '/v1/servers/x'],
      ['POST', '/v1/servers/x/exec'],
    ] as const) {
      const { status, body } = await api.request(method, path, { token: reader, body: {} });
      expect([method, path, status, body.error.code]).toEqual([method, path, 403, 'forbidden']);
    }
  });

  it('never makes a token that may do more than the one it is made with', async () => {
    const { operator, billing, customer } = api.tokens;
    const make = (token: string, body: object, path = '/v1/tokens') =>
      api.request('POST', path, { token, body });
    const ofTenant = `/v1/tenants/${api.world.tenant.id}/tokens`;
    const before = await tokens().count();
    for (const [token, body, path] of [
      [customer, { role: 'operator' }],
      [customer, { role: 'billing' }],
      [billing, { role: 'operator' }],
      [billing, { role: 'operator' }, ofTenant],
      [billing, { role: 'billing' }, ofTenant],
      [customer, {}, ofTenant],
    ] as [string, object, string?][]) {
      expect((await make(token, body, path)).body.error?.code).toBe('forbidden');
    }
    expect((await make(operator, { role: 'customer' })).body.error.code).toBe('invalid_input');
    expect((await make(operator, { scopes: ['write'] })).body.error.code).toBe('invalid_input');
    expect(await tokens().count()).toBe(before);
    expect((await make(billing, {}, ofTenant)).body.token).toMatchObject({
      role: 'customer',
      tenant_id: api.world.tenant.id,
    });
    expect((await make(operator, { role: 'billing' })).body.token.role).toBe('billing');
    expect((await make(billing, {})).body.token.role).toBe('billing');
    const seen = (await api.request('GET', '/v1/tokens?per_page=100', { token: billing })).body.tokens;
    expect(seen.some((token: { role: string }) => token.role === 'operator')).toBe(false);
  });

  it('lets a suspended tenant read but change nothing, and a terminated one do nothing', async () => {
    const tenants = api.database.dataSource.getRepository(TenantEntity);
    const { id } = api.world.tenant;
    const order = { name: 'x', plan: api.world.plan.id, template: api.world.template.id };
    try {
      await tenants.update({ id }, { status: 'suspended' });
      expect((await api.request('GET', '/v1/servers')).status).toBe(200);
      expect((await api.request('POST', '/v1/tokens', { body: {} })).body.error.code).toBe('forbidden');
      const before = await api.rowCounts();
      const byBilling = await api.request('POST', '/v1/servers', {
        token: api.tokens.billing,
        body: { ...order, tenant_id: id, location: api.world.location.id },
      });
      expect([byBilling.status, byBilling.body.error.code]).toEqual([403, 'forbidden']);
      expect(await api.rowCounts()).toEqual(before);
      await tenants.update({ id }, { status: 'terminated' });
      expect((await api.request('GET', '/v1/servers')).body.error.code).toBe('forbidden');
    } finally {
      await tenants.update({ id }, { status: 'active' });
    }
  });

  it('answers a sane X-Request-Id, makes one for the others, and keeps it with what was changed', async () => {
    const mine = await api.request('POST', '/v1/tokens', {
      body: {},
      headers: { 'x-request-id': 'ticket-4711' },
    });
    expect(mine.headers.get('x-request-id')).toBe('ticket-4711');
    const events = await api.request('GET', '/v1/audit_events?request_id=ticket-4711', {
      token: api.tokens.operator,
    });
    expect(events.body.audit_events).toMatchObject([
      { action: 'token.create', target: { type: 'token', id: mine.body.token.id }, role: 'customer' },
    ]);
    const odd = await api.request('GET', '/v1/nothing', { headers: { 'x-request-id': 'a b"c' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(odd.body.error.request_id).toBe(odd.headers.get('x-request-id'));
  });

  it("shows the queues to operators only, by Bearer or a browser's login", async () => {
    const login = (token: string) => ({
      authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}`,
    });
    const get = (headers: Record<string, string>) =>
      api.request('GET', '/admin/queues/', { token: null, headers });
    const refused = await get({});
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^Basic/),
    ]);
    expect((await get(login('berth_wrong'))).status).toBe(401);
    expect((await get(login(api.tokens.customer))).status).toBe(403);
    const page = await get(login(api.tokens.operator));
    expect([page.status, page.headers.get('x-powered-by')]).toEqual([200, null]);
    const queues = await api.request('GET', '/admin/queues/api/queues', { token: api.tokens.operator });
    expect(queues.body.queues).toMatchObject([{ name: 'operations', readOnlyMode: true }]);
  });

  it('tells how it is, without a token', async () => {
    const get = (path: string) => api.request('GET', path, { token: null });
    expect((await get('/health/live')).body).toEqual({ status: 'ok' });
    const ready = await eventually('Redis connected', async () => {
      const answer = await get('/health/ready');
      return answer.body.status === 'ok' && answer;
    });
    expect(ready.body.checks).toEqual({ postgres: 'up', redis: 'up' });
    const { status, body } = await get('/metrics');
    expect(status).toBe(200);
    expect(body).toContain('route="/v1/tokens"');
    expect(body).toMatch(/berth_db_pool_connections\{.*state="busy".*\} \d/);
    const far = { 'x-forwarded-for': '198.51.100.7' };
    const outside = (token: string | null) => api.request('GET', '/metrics', { token, headers: far });
    expect((await outside(null)).status).toBe(401);
    expect((await outside(api.tokens.customer)).status).toBe(403);
    expect((await outside(api.tokens.operator)).status).toBe(200);
  });

  it('serves its pages from itself alone', async () => {
    const page = await api.request('GET', '/docs', { token: null });
    expect(page.status).toBe(200);
    const links = [...String(page.body).matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).toMatch(/^\.\/docs\//);
      expect((await api.request('GET', link.slice(1), { token: null })).status).toBe(200);
    }
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const document = await api.request('GET', '/openapi.json', { token: null });
    expect(document.body.openapi).toBe('3.1.0');
  });
});
