import { purgeSessions, SessionEntity, TenantEntity, TokenEntity } from '@berth/database';
import { outcome, send, setCookie, type SignedIn, signIn, signInWith } from '../testing/signed-in';
import { startTestApi, type TestApi } from '../testing/test-api';

const COOKIE = /^berth_session=([\w-]{43});/;

describe('sessions', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const rows = () => api.database.dataSource.getRepository(SessionEntity);
  const tokenRows = () => api.database.dataSource.getRepository(TokenEntity);
  const tenants = () => api.database.dataSource.getRepository(TenantEntity);

  const move = (what: string, browser: SignedIn) =>
    api.database.dataSource.query(`UPDATE sessions SET ${what} WHERE hash = sha256(convert_to($1, 'UTF8'))`, [
      browser.cookie.split('=')[1],
    ]);
  it('signs in by a token, of each role, and out again', async () => {
    const { tenant } = api.world;
    for (const [role, tenant_id, tenant_name] of [
      ['customer', tenant.id, tenant.name],
      ['billing', null, null],
      ['operator', null, null],
    ] as const) {
      const made = await signInWith(api, api.tokens[role]);
      expect(made.status).toBe(201);
      const expected = { role, scopes: ['read', 'write'], tenant_id, tenant_name, name: `test ${role}` };
      expect(made.body.session).toEqual({
        ...expected,
        expires_at: expect.stringMatching(/Z$/),
        csrf_token: expect.stringMatching(/^[\w-]{43}$/),
      });
      const inMs = Date.parse(made.body.session.expires_at) - Date.now();
      expect(Math.abs(inMs - api.config.sessionMaxAgeMs)).toBeLessThan(600_000);
      const browser = { cookie: setCookie(made).split(';')[0]!, csrf: made.body.session.csrf_token };
      expect((await send(api, browser, 'GET', '/v1/session')).body).toEqual(made.body);
      expect((await send(api, browser, 'GET', '/v1/servers')).status).toBe(200);
      expect((await send(api, browser, 'GET', '/v1/hosts')).status).toBe(role === 'operator' ? 200 : 403);
      const ended = await send(api, browser, 'DELETE', '/v1/session');
      expect(ended.status).toBe(204);
      expect(setCookie(ended)).toMatch(/^berth_session=;.*Expires=Thu, 01 Jan 1970/);
      expect((await send(api, browser, 'GET', '/v1/session')).body).toEqual({ session: null });
      expect(outcome(await send(api, browser, 'GET', '/v1/servers'))).toEqual([401, 'unauthorized']);
      expect((await api.request('GET', '/v1/servers', { token: api.tokens[role] })).status).toBe(200);
    }
  });

  it('keeps only the hash of the cookie, which pages cannot read and other sites do not send', async () => {
    const made = await signInWith(api, api.tokens.customer);
    const [, secret] = COOKIE.exec(setCookie(made)) ?? [];
    expect(setCookie(made)).toBe(`berth_session=${secret}; Path=/; HttpOnly; SameSite=Strict`);
    expect(JSON.stringify(await rows().find())).not.toContain(secret);
    expect(JSON.stringify(made.body)).not.toContain(secret);
    expect(
      (
        await send(api, { cookie: setCookie(made).split(';')[0]!, csrf: '' }, 'GET', '/v1/session')
      ).headers.get('cache-control'),
    ).toBe('no-store');
  });

  it('ends when it expires, when it is left unused, and stays while it is used', async () => {
    const [expired, idle, used] = [
      await signIn(api, api.tokens.customer),
      await signIn(api, api.tokens.customer),
      await signIn(api, api.tokens.customer),
    ];
    await move(`expires_at = now() - interval '1 second'`, expired);
    await move(`last_used_at = now() - interval '121 minutes'`, idle);
    await move(`last_used_at = now() - interval '119 minutes'`, used);
    expect((await send(api, expired, 'GET', '/v1/session')).body).toEqual({ session: null });
    expect((await send(api, idle, 'GET', '/v1/servers')).status).toBe(401);
    expect((await send(api, used, 'GET', '/v1/servers')).status).toBe(200);
    const lastUsed = async () => (await rows().findOneByOrFail({ csrfToken: used.csrf })).lastUsedAt;
    const first = await lastUsed();
    expect(Date.now() - first.getTime()).toBeLessThan(60_000);
    await send(api, used, 'GET', '/v1/servers');
    expect(await lastUsed()).toEqual(first);
    // The worker deletes what is over, and nothing else.
    const over = await purgeSessions(api.database.dataSource.manager);
    expect(over).toBeGreaterThanOrEqual(2);
    const left = (await rows().find()).map((row) => row.csrfToken);
    expect(left).toContain(used.csrf);
    for (const { csrf } of [expired, idle]) expect(left).not.toContain(csrf);
  });

  it('ends with its token: revoked, or expired', async () => {
    const make = async () => (await api.request('POST', '/v1/tokens', { body: { name: 'laptop' } })).body;
    const [revoked, expiring] = [await make(), await make()];
    const browser = await signIn(api, revoked.secret);
    expect((await send(api, browser, 'DELETE', `/v1/tokens/${revoked.token.id}`)).status).toBe(204);
    expect((await send(api, browser, 'GET', '/v1/servers')).status).toBe(401);
    expect(outcome(await signInWith(api, revoked.secret))).toEqual([401, 'unauthorized']);
    const soon = new Date(Date.now() + 3_600_000);
    await tokenRows().update({ id: expiring.token.id }, { expiresAt: soon });
    const answer = await signInWith(api, expiring.secret);
    expect(answer.body.session.expires_at).toBe(soon.toISOString());
    const short = { cookie: setCookie(answer).split(';')[0]!, csrf: answer.body.session.csrf_token };
    await tokenRows().update({ id: expiring.token.id }, { expiresAt: new Date(Date.now() - 1000) });
    expect((await send(api, short, 'GET', '/v1/session')).body).toEqual({ session: null });
    await purgeSessions(api.database.dataSource.manager);
    expect(await rows().countBy({ tokenId: revoked.token.id })).toBe(0);
    // Only a token that was made for the session alone ends with it.
    const kept = await make();
    await send(api, await signIn(api, kept.secret), 'DELETE', '/v1/session');
    expect((await api.request('GET', '/v1/servers', { token: kept.secret })).status).toBe(200);
  });

  it("may do what its token may: scopes, a suspended tenant's reading, a terminated one's nothing", async () => {
    const reader = await signIn(api, await api.makeToken('customer', api.world.tenant.id, ['read']));
    expect((await send(api, reader, 'GET', '/v1/servers')).status).toBe(200);
    expect(outcome(await send(api, reader, 'POST', '/v1/tokens', { body: {} }))).toEqual([403, 'forbidden']);
    expect((await send(api, reader, 'DELETE', '/v1/session')).status).toBe(204);
    const { id } = api.world.tenant;
    try {
      await tenants().update({ id }, { status: 'suspended' });
      const suspended = await signIn(api, api.tokens.customer);
      expect((await send(api, suspended, 'GET', '/v1/servers')).status).toBe(200);
      expect(outcome(await send(api, suspended, 'POST', '/v1/tokens', { body: {} }))).toEqual([
        403,
        'forbidden',
      ]);
      await tenants().update({ id }, { status: 'terminated' });
      expect(outcome(await send(api, suspended, 'GET', '/v1/servers'))).toEqual([403, 'forbidden']);
      expect((await send(api, suspended, 'DELETE', '/v1/session')).status).toBe(204);
      expect(outcome(await signInWith(api, api.tokens.customer))).toEqual([403, 'forbidden']);
    } finally {
      await tenants().update({ id }, { status: 'active' });
    }
  });

  it('tells the audit who signed in and out, and who did what meanwhile', async () => {
    const token = await api.makeToken('customer', api.world.tenant.id);
    const browser = await signIn(api, token);
    await send(api, browser, 'POST', '/v1/tokens', { body: { name: 'by-session' } });
    await send(api, browser, 'DELETE', '/v1/session');
    expect(await rows().countBy({ csrfToken: browser.csrf })).toBe(0);
    const events = await api.request('GET', '/v1/audit_events?per_page=3', { token: api.tokens.operator });
    expect(events.body.audit_events).toMatchObject([
      { action: 'session.end', target: { type: 'session' }, role: 'customer' },
      { action: 'token.create', details: { name: 'by-session' }, role: 'customer' },
      { action: 'session.start', details: { name: 'test customer', by: 'token' } },
    ]);
    const actors = new Set(events.body.audit_events.map((event: { actor: string }) => event.actor));
    expect(actors.size).toBe(1);
  });

  it('refuses bodies that are none', async () => {
    for (const body of [{}, { token: 7 }, { token: '' }, { token: 'x'.repeat(201) }, { token: 'x', y: 1 }]) {
      const before = await api.rowCounts();
      expect(outcome(await api.request('POST', '/v1/session', { token: null, body }))).toEqual([
        400,
        'invalid_input',
      ]);
      expect(await api.rowCounts()).toEqual(before);
    }
    for (const cookie of [
      'berth_session=',
      'berth_session=x',
      `berth_session=%00${'A'.repeat(42)}`,
      '=;;=',
    ]) {
      const answer = await api.request('GET', '/v1/session', { token: null, headers: { cookie } });
      expect([cookie, answer.status, answer.body]).toEqual([cookie, 200, { session: null }]);
    }
  });

  it('has no other way to sign in where none is set up', async () => {
    const get = (path: string) => api.request('GET', path, { token: null });
    expect((await get('/v1/session/providers')).body).toEqual({ providers: [] });
    expect(outcome(await get('/v1/session/oidc/login'))).toEqual([404, 'not_found']);
    expect(outcome(await get('/v1/session/oidc/callback?code=x'))).toEqual([404, 'not_found']);
  });
});
