import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { purgeSessions, SessionEntity, TenantEntity, TokenEntity } from '@berth/database';
import { startTestApi, type TestAnswer, type TestApi, type TestRequest } from '../testing/test-api';

/** A browser that is signed in. */
interface Browser {
  cookie: string;
  csrf: string;
}

const COOKIE = /^(?:__Host-)?berth_session=([\w-]{43});/;

describe('sessions', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const rows = () => api.database.dataSource.getRepository(SessionEntity);
  const tokenRows = () => api.database.dataSource.getRepository(TokenEntity);
  const tenants = () => api.database.dataSource.getRepository(TenantEntity);
  const setCookie = (answer: TestAnswer) => answer.headers.getSetCookie()[0]!;
  const outcome = ({ status, body }: TestAnswer) => [status, body.error?.code];

  const signInWith = (token: string, options: TestRequest = {}) =>
    api.request('POST', '/v1/session', { token: null, body: { token }, ...options });

  async function signIn(token: string, options: TestRequest = {}): Promise<Browser> {
    const answer = await signInWith(token, options);
    expect(answer.status).toBe(201);
    return { cookie: setCookie(answer).split(';')[0]!, csrf: answer.body.session.csrf_token };
  }

  /** As the dashboard sends it; `headers` are put in place of its own. */
  const send = (browser: Browser, method: string, path: string, options: TestRequest = {}) =>
    api.request(method, path, {
      token: null,
      ...options,
      headers: {
        cookie: browser.cookie,
        ...(method !== 'GET' && { 'x-csrf-token': browser.csrf, 'sec-fetch-site': 'same-origin' }),
        ...options.headers,
      },
    });

  const move = (what: string, browser: Browser) =>
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
      const made = await signInWith(api.tokens[role]);
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
      expect((await send(browser, 'GET', '/v1/session')).body).toEqual(made.body);
      expect((await send(browser, 'GET', '/v1/servers')).status).toBe(200);
      expect((await send(browser, 'GET', '/v1/hosts')).status).toBe(role === 'operator' ? 200 : 403);
      const ended = await send(browser, 'DELETE', '/v1/session');
      expect(ended.status).toBe(204);
      expect(setCookie(ended)).toMatch(/^berth_session=;.*Expires=Thu, 01 Jan 1970/);
      expect(outcome(await send(browser, 'GET', '/v1/session'))).toEqual([401, 'unauthorized']);
      expect(outcome(await send(browser, 'GET', '/v1/servers'))).toEqual([401, 'unauthorized']);
      expect((await api.request('GET', '/v1/servers', { token: api.tokens[role] })).status).toBe(200);
    }
  });

  it('keeps only the hash of the cookie, which pages cannot read and other sites do not send', async () => {
    const made = await signInWith(api.tokens.customer);
    const [, secret] = COOKIE.exec(setCookie(made)) ?? [];
    expect(setCookie(made)).toBe(`berth_session=${secret}; Path=/; HttpOnly; SameSite=Strict`);
    expect(JSON.stringify(await rows().find())).not.toContain(secret);
    expect(JSON.stringify(made.body)).not.toContain(secret);
    expect(
      (await send({ cookie: setCookie(made).split(';')[0]!, csrf: '' }, 'GET', '/v1/session')).headers.get(
        'cache-control',
      ),
    ).toBe('no-store');
  });

  it('is Secure, and of this host alone, where the public URL is https', async () => {
    const secure = await startTestApi({ publicUrl: 'https://panel.example.org' });
    try {
      const body = { token: secure.tokens.operator };
      const made = await secure.request('POST', '/v1/session', { token: null, body });
      expect(setCookie(made)).toMatch(
        /^__Host-berth_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      );
      const [cookie] = setCookie(made).split(';');
      const get = (header: string) =>
        secure.request('GET', '/v1/session', { token: null, headers: { cookie: header } });
      expect((await get(cookie!)).status).toBe(200);
      expect((await get(cookie!.replace('__Host-', ''))).status).toBe(401);
    } finally {
      await secure.close();
    }
  });

  it.each<[string, Record<string, string>]>([
    ['no CSRF token', { 'x-csrf-token': '' }],
    ['a wrong one', { 'x-csrf-token': 'A'.repeat(43) }],
    ["another site's page", { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour under the same domain', { 'sec-fetch-site': 'same-site' }],
  ])('refuses a change with %s, and changes nothing', async (_what, headers) => {
    const browser = await signIn(api.tokens.customer);
    const before = await api.rowCounts();
    for (const [method, path, body] of [
      ['POST', '/v1/tokens', {}],
      ['DELETE', '/v1/servers/none', undefined],
      ['PATCH', '/v1/servers/none', {}],
      ['DELETE', '/v1/session', undefined],
    ] as const) {
      const answer = await send(browser, method, path, { body, headers });
      expect([method, path, ...outcome(answer)]).toEqual([method, path, 403, 'forbidden']);
      expect(answer.body.error.message).toMatch(/X-CSRF-Token|another site/);
    }
    expect(await api.rowCounts()).toEqual(before);
    expect((await send(browser, 'GET', '/v1/session')).status).toBe(200);
  });

  it("takes no session's CSRF token for another's", async () => {
    const [mine, other] = [await signIn(api.tokens.customer), await signIn(api.tokens.customer)];
    expect((await send({ ...mine, csrf: other.csrf }, 'POST', '/v1/tokens', { body: {} })).status).toBe(403);
    expect((await send(mine, 'POST', '/v1/tokens', { body: {} })).status).toBe(201);
    const typedIn = { 'sec-fetch-site': 'none' };
    expect((await send(mine, 'POST', '/v1/tokens', { body: {}, headers: typedIn })).status).toBe(201);
  });

  it('cannot be forced upon a visitor by another site, nor by a cookie from before', async () => {
    const forced = await signInWith(api.tokens.customer, { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(outcome(forced)).toEqual([403, 'forbidden']);
    expect(forced.headers.getSetCookie()).toEqual([]);
    const form = { 'content-type': 'text/plain' };
    const raw = JSON.stringify({ token: api.tokens.customer });
    expect((await signInWith('', { body: undefined, raw, headers: form })).status).toBe(400);
    const planted = `berth_session=${'A'.repeat(43)}`;
    const browser = await signIn(api.tokens.customer, { headers: { cookie: planted } });
    expect(browser.cookie).not.toBe(planted);
    const again = await signIn(api.tokens.operator, { headers: { cookie: browser.cookie } });
    expect(again.cookie).not.toBe(browser.cookie);
    expect((await send(browser, 'GET', '/v1/session')).status).toBe(401);
  });

  it('is the bearer that counts where there is a cookie too', async () => {
    const browser = await signIn(api.tokens.operator);
    const { cookie } = browser;
    const bearer = (token: string, method = 'GET', path = '/v1/hosts') =>
      api.request(method, path, { token, headers: { cookie }, ...(method === 'POST' && { body: {} }) });
    expect((await bearer(api.tokens.customer)).status).toBe(403);
    expect((await bearer(`berth_${'A'.repeat(43)}`)).status).toBe(401);
    expect((await bearer(api.tokens.customer, 'POST', '/v1/tokens')).status).toBe(201);
    expect(outcome(await bearer(api.tokens.operator, 'GET', '/v1/session'))).toEqual([401, 'unauthorized']);
  });

  it('ends when it expires, when it is left unused, and stays while it is used', async () => {
    const [expired, idle, used] = [
      await signIn(api.tokens.customer),
      await signIn(api.tokens.customer),
      await signIn(api.tokens.customer),
    ];
    await move(`expires_at = now() - interval '1 second'`, expired);
    await move(`last_used_at = now() - interval '121 minutes'`, idle);
    await move(`last_used_at = now() - interval '119 minutes'`, used);
    expect((await send(expired, 'GET', '/v1/session')).status).toBe(401);
    expect((await send(idle, 'GET', '/v1/servers')).status).toBe(401);
    expect((await send(used, 'GET', '/v1/servers')).status).toBe(200);
    const lastUsed = async () => (await rows().findOneByOrFail({ csrfToken: used.csrf })).lastUsedAt;
    const first = await lastUsed();
    expect(Date.now() - first.getTime()).toBeLessThan(60_000);
    await send(used, 'GET', '/v1/servers');
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
    const browser = await signIn(revoked.secret);
    expect((await send(browser, 'DELETE', `/v1/tokens/${revoked.token.id}`)).status).toBe(204);
    expect((await send(browser, 'GET', '/v1/servers')).status).toBe(401);
    expect(outcome(await signInWith(revoked.secret))).toEqual([401, 'unauthorized']);
    const soon = new Date(Date.now() + 3_600_000);
    await tokenRows().update({ id: expiring.token.id }, { expiresAt: soon });
    const answer = await signInWith(expiring.secret);
    expect(answer.body.session.expires_at).toBe(soon.toISOString());
    const short = { cookie: setCookie(answer).split(';')[0]!, csrf: answer.body.session.csrf_token };
    await tokenRows().update({ id: expiring.token.id }, { expiresAt: new Date(Date.now() - 1000) });
    expect((await send(short, 'GET', '/v1/session')).status).toBe(401);
    await purgeSessions(api.database.dataSource.manager);
    expect(await rows().countBy({ tokenId: revoked.token.id })).toBe(0);
    // Only a token that was made for the session alone ends with it.
    const kept = await make();
    await send(await signIn(kept.secret), 'DELETE', '/v1/session');
    expect((await api.request('GET', '/v1/servers', { token: kept.secret })).status).toBe(200);
  });

  it("may do what its token may: scopes, a suspended tenant's reading, a terminated one's nothing", async () => {
    const reader = await signIn(await api.makeToken('customer', api.world.tenant.id, ['read']));
    expect((await send(reader, 'GET', '/v1/servers')).status).toBe(200);
    expect(outcome(await send(reader, 'POST', '/v1/tokens', { body: {} }))).toEqual([403, 'forbidden']);
    expect((await send(reader, 'DELETE', '/v1/session')).status).toBe(204);
    const { id } = api.world.tenant;
    try {
      await tenants().update({ id }, { status: 'suspended' });
      const suspended = await signIn(api.tokens.customer);
      expect((await send(suspended, 'GET', '/v1/servers')).status).toBe(200);
      expect(outcome(await send(suspended, 'POST', '/v1/tokens', { body: {} }))).toEqual([403, 'forbidden']);
      await tenants().update({ id }, { status: 'terminated' });
      expect(outcome(await send(suspended, 'GET', '/v1/servers'))).toEqual([403, 'forbidden']);
      expect((await send(suspended, 'DELETE', '/v1/session')).status).toBe(204);
      expect(outcome(await signInWith(api.tokens.customer))).toEqual([403, 'forbidden']);
    } finally {
      await tenants().update({ id }, { status: 'active' });
    }
  });

  it('tells the audit who signed in and out, and who did what meanwhile', async () => {
    const token = await api.makeToken('customer', api.world.tenant.id);
    const browser = await signIn(token);
    await send(browser, 'POST', '/v1/tokens', { body: { name: 'by-session' } });
    await send(browser, 'DELETE', '/v1/session');
    const { tokenId } = await rows()
      .findOneBy({ csrfToken: browser.csrf })
      .then((row) => row ?? { tokenId: null });
    expect(tokenId).toBeNull();
    const events = await api.request('GET', '/v1/audit_events?per_page=3', { token: api.tokens.operator });
    expect(events.body.audit_events).toMatchObject([
      { action: 'session.end', target: { type: 'session' }, role: 'customer' },
      { action: 'token.create', details: { name: 'by-session' }, role: 'customer' },
      { action: 'session.start', details: { name: 'test customer', by: 'token' } },
    ]);
    const actors = new Set(events.body.audit_events.map((event: { actor: string }) => event.actor));
    expect(actors.size).toBe(1);
  });

  it("counts a session's requests as its token's, and wrong tokens by address", async () => {
    const limited = await startTestApi({ rateLimitPerHour: 3 });
    try {
      const { customer } = limited.tokens;
      const post = (token: string) =>
        limited.request('POST', '/v1/session', { token: null, body: { token } });
      const made = await post(customer);
      const headers = {
        cookie: setCookie(made).split(';')[0]!,
        'x-csrf-token': made.body.session.csrf_token,
      };
      const get = (path: string) => limited.request('GET', path, { token: null, headers });
      expect((await get('/v1/servers')).headers.get('ratelimit-remaining')).toBe('1');
      expect((await limited.request('GET', '/v1/servers')).headers.get('ratelimit-remaining')).toBe('0');
      expect(outcome(await get('/v1/servers'))).toEqual([429, 'rate_limited']);
      expect(outcome(await post(customer))).toEqual([429, 'rate_limited']);
      const out = await limited.request('DELETE', '/v1/session', { token: null, headers });
      expect(out.status).toBe(204);
      const statuses = new Set<number>();
      for (let n = 0; n < 301; n++) statuses.add((await post('berth_wrong')).status);
      expect([...statuses]).toEqual([401, 429]);
      expect((await post(limited.tokens.operator)).status).toBe(201);
    } finally {
      await limited.close();
    }
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
      expect([cookie, ...outcome(answer)]).toEqual([cookie, 401, 'unauthorized']);
    }
  });

  it("shows the queues to an operator's session", async () => {
    const queues = (browser: Browser, method = 'GET') => send(browser, method, '/admin/queues/api/queues');
    expect((await queues(await signIn(api.tokens.operator))).body.queues).toMatchObject([
      { name: 'operations' },
    ]);
    expect((await queues(await signIn(api.tokens.billing))).status).toBe(403);
    expect((await queues({ cookie: `berth_session=${'A'.repeat(43)}`, csrf: '' })).status).toBe(401);
    const forged = { ...(await signIn(api.tokens.operator)), csrf: 'x' };
    expect((await queues(forged, 'PUT')).status).toBe(403);
  });

  it('has no other way to sign in where none is set up', async () => {
    const get = (path: string) => api.request('GET', path, { token: null });
    expect((await get('/v1/session/providers')).body).toEqual({ providers: [] });
    expect(outcome(await get('/v1/session/oidc/login'))).toEqual([404, 'not_found']);
    expect(outcome(await get('/v1/session/oidc/callback?code=x'))).toEqual([404, 'not_found']);
  });

  describe('WebSocket upgrades', () => {
    /** What a server gets to see of a request with these headers. */
    async function requestWith(headers: Record<string, string>): Promise<IncomingMessage> {
      const server = createServer();
      const seen = new Promise<IncomingMessage>((resolve) =>
        server.on('request', (request, response) => {
          response.end();
          resolve(request);
        }),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
      server.close();
      return seen;
    }

    const upgrade = async (on: TestApi, headers: Record<string, string>, host = 'panel.example.org') => {
      const request = await requestWith(headers);
      request.headers.host = host;
      return on.auth.authenticateUpgrade(request).then(
        (caller) => caller.role,
        (error: { code: string }) => error.code,
      );
    };

    it("takes a session's cookie from the own origin alone, and a token from anywhere", async () => {
      const { cookie } = await signIn(api.tokens.operator);
      const origin = 'https://panel.example.org';
      expect(await upgrade(api, { cookie, origin })).toBe('operator');
      expect(await upgrade(api, { cookie, origin: 'https://evil.example' })).toBe('forbidden');
      expect(await upgrade(api, { cookie, origin: 'null' })).toBe('forbidden');
      expect(await upgrade(api, { cookie, origin: `${origin}:444` })).toBe('forbidden');
      expect(await upgrade(api, { cookie })).toBe('forbidden');
      const authorization = `Bearer ${api.tokens.customer}`;
      expect(await upgrade(api, { authorization, cookie, origin: 'https://evil.example' })).toBe('customer');
      expect(await upgrade(api, { cookie: 'berth_session=x', origin })).toBe('unauthorized');
      expect(await upgrade(api, { origin })).toBe('unauthorized');
    });

    it('holds it to the public URL where there is one', async () => {
      const open = await startTestApi({ publicUrl: 'http://panel.example.org/' });
      try {
        const body = { token: open.tokens.operator };
        const made = await open.request('POST', '/v1/session', { token: null, body });
        const cookie = setCookie(made).split(';')[0]!;
        expect(await upgrade(open, { cookie, origin: 'http://panel.example.org' })).toBe('operator');
        for (const origin of ['https://panel.example.org', 'http://evil.example'])
          expect(await upgrade(open, { cookie, origin }, new URL(origin).host)).toBe('forbidden');
      } finally {
        await open.close();
      }
    });
  });
});
