import type { OidcConfig } from '@berth/config';
import { newId, purgeSessions, SessionEntity, TenantEntity, TokenEntity } from '@berth/database';
import { noQuota } from '../../tenants/tenant-quota';
import { freePort, OidcBrowser, type ProviderOptions, startOidcProvider } from '../../testing/oidc-bench';
import { startTestApi, type TestApi } from '../../testing/test-api';
import { OIDC_CALLBACK_PATH, OIDC_LOGIN_PATH } from './oidc-paths';

const SECRET = 'a secret with spaces & signs: 1%';

describe('sign-in by OpenID Connect', () => {
  let api: TestApi;
  let provider: { stop(): Promise<void> } | null = null;
  let options: ProviderOptions;
  let settings: OidcConfig;
  const open: TestApi[] = [];

  /** An API that the provider knows under its own callback. */
  async function startApi(port: number, oidc: OidcConfig, more = {}): Promise<TestApi> {
    const started = await startTestApi({ port, publicUrl: `http://127.0.0.1:${port}`, oidc, ...more });
    open.push(started);
    return started;
  }

  beforeAll(async () => {
    const [providerPort, apiPort, publicPort] = [await freePort(), await freePort(), await freePort()];
    settings = {
      issuer: `http://127.0.0.1:${providerPort}`,
      clientId: 'berth',
      clientSecret: SECRET,
      name: 'Example ID',
      scopes: 'openid profile email groups',
      roleClaim: 'groups',
      operatorValues: ['ops'],
      billingValues: ['accounting'],
      tenantClaim: 'berth_tenant',
    };
    const callback = (port: number) => ({ redirect_uris: [`http://127.0.0.1:${port}${OIDC_CALLBACK_PATH}`] });
    const email = (name: string) => ({ email: `${name}@example.org`, email_verified: true });
    options = {
      port: providerPort,
      clients: [
        { client_id: 'berth', client_secret: SECRET, ...callback(apiPort) },
        { client_id: 'public', token_endpoint_auth_method: 'none', ...callback(publicPort) },
      ],
      users: {
        olga: { ...email('olga'), groups: ['staff', 'ops', 'accounting'] },
        bill: { ...email('bill'), groups: 'accounting', berth_tenant: 'customer-1' },
        carl: { ...email('carl'), groups: ['staff'], berth_tenant: 'customer-1' },
        cleo: { email: 'olga@example.org', email_verified: false },
        gone: { ...email('gone'), berth_tenant: 'customer-2' },
        lost: { ...email('lost'), berth_tenant: 'customer-3' },
        both: { ...email('both'), berth_tenant: ['customer-1', 'customer-2'] },
        nora: { ...email('nora'), groups: ['staff', 'ops2'] },
      },
    };
    api = await startApi(apiPort, settings);
    const tenants = api.database.dataSource.getRepository(TenantEntity);
    await tenants.update({ id: api.world.tenant.id }, { externalId: 'customer-1' });
    const gone = { id: newId(), name: 'gone', externalId: 'customer-2', status: 'terminated' as const };
    await tenants.insert({ ...gone, ...noQuota });
    options.users.cleo!.berth_tenant = api.world.tenant.id.toUpperCase();
  });
  afterAll(async () => {
    for (const one of open) await one.close();
    await provider?.stop();
  });

  const isCallback = (url: URL) => url.pathname === OIDC_CALLBACK_PATH;
  const loginUrl = (returnTo?: string, on = api) =>
    `${on.url}${OIDC_LOGIN_PATH}${returnTo === undefined ? '' : `?return_to=${encodeURIComponent(returnTo)}`}`;
  const wordsOf = (location: string | null) => {
    const url = new URL(location ?? '', api.url);
    expect([url.origin, url.pathname]).toEqual([api.url, '/sign-in']);
    return url.searchParams.get('error');
  };

  async function signIn(user: string, returnTo?: string, browser = new OidcBrowser(), on = api) {
    const back = await browser.logIn(loginUrl(returnTo, on), user, isCallback);
    const response = await browser.open(back);
    return { browser, back, response, location: response.headers.get('location') };
  }

  const send = (browser: OidcBrowser, method: string, path: string, csrf = '') =>
    api.request(method, path, {
      token: null,
      headers: { cookie: `berth_session=${browser.cookies.get('berth_session')}`, 'x-csrf-token': csrf },
    });

  it('says in words that the provider does not answer, and asks it again the next time', async () => {
    const answer = await new OidcBrowser().open(loginUrl());
    expect([answer.status, wordsOf(answer.headers.get('location'))]).toEqual([
      302,
      expect.stringMatching(/^Example ID does not answer/),
    ]);
    provider = await startOidcProvider(options);
    const next = await new OidcBrowser().open(loginUrl());
    expect(next.headers.get('location')).toMatch(settings.issuer);
  });

  it('is told of, with where to go', async () => {
    const { body } = await api.request('GET', '/v1/session/providers', { token: null });
    expect(body).toEqual({ providers: [{ id: 'oidc', name: 'Example ID', login_path: OIDC_LOGIN_PATH }] });
  });

  it('asks for a code with PKCE, state and nonce, bound to the browser by a cookie that is Lax', async () => {
    const browser = new OidcBrowser();
    const answer = await browser.open(loginUrl());
    const asked = Object.fromEntries(new URL(answer.headers.get('location')!).searchParams);
    expect(asked).toEqual({
      client_id: 'berth',
      response_type: 'code',
      redirect_uri: `${api.url}${OIDC_CALLBACK_PATH}`,
      scope: settings.scopes,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^berth_login=[\w-]{43}; Max-Age=600; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    const again = await browser.open(loginUrl());
    for (const secret of ['state', 'nonce', 'code_challenge'])
      expect(new URL(again.headers.get('location')!).searchParams.get(secret)).not.toBe(asked[secret]);
  });

  it.each([
    ['olga', 'operator', 'olga@example.org'],
    ['bill', 'billing', 'bill@example.org'],
    ['carl', 'customer', 'carl@example.org'],
    // By the tenant's id; under a subject, since anybody can claim an address that nobody has verified.
    ['cleo', 'customer', 'cleo'],
  ])('%s signs in as %s', async (user, role, name) => {
    const { browser, response, location } = await signIn(user, '/servers?page=2');
    expect([response.status, location]).toEqual([302, '/servers?page=2']);
    const [session] = response.headers.getSetCookie().filter((cookie) => cookie.startsWith('berth_session='));
    expect(session).toMatch(/^berth_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(browser.cookies.has('berth_login')).toBe(false);
    const tenant = role === 'customer' ? api.world.tenant : { id: null, name: null };
    const { body } = await send(browser, 'GET', '/v1/session');
    expect(body.session).toMatchObject({ role, name, tenant_id: tenant.id, tenant_name: tenant.name });
    expect(body.session.scopes).toEqual(['read', 'write']);
    expect((await send(browser, 'GET', '/v1/hosts')).status).toBe(role === 'operator' ? 200 : 403);
    expect((await send(browser, 'GET', '/v1/servers')).status).toBe(200);
  });

  it.each([
    ['nora', /^nora@example.org has no access here: Example ID names neither a role nor a customer account/],
    ['lost', /^your customer account is not known here/],
    ['gone', /^the tenant was terminated$/],
    ['both', /^both@example.org belongs to several customer accounts/],
  ])('%s is refused in words, and gets nothing', async (user, words) => {
    const before = await api.rowCounts();
    const { browser, location } = await signIn(user, '/servers');
    expect(wordsOf(location)).toMatch(words);
    expect(browser.cookies.has('berth_session')).toBe(false);
    expect(await api.rowCounts()).toEqual(before);
  });

  it('makes a token of its own, by which the audit knows who it was, and which ends with the session', async () => {
    const { browser } = await signIn('olga');
    const { csrf_token } = (await send(browser, 'GET', '/v1/session')).body.session;
    const { dataSource } = api.database;
    const row = await dataSource.getRepository(SessionEntity).findOneByOrFail({ csrfToken: csrf_token });
    expect(row.subject).toBe('olga');
    const tokens = dataSource.getRepository(TokenEntity);
    const token = await tokens.findOneByOrFail({ id: row.tokenId });
    expect(token).toMatchObject({ name: 'oidc: olga@example.org', role: 'operator', revokedAt: null });
    expect(token.expiresAt!.getTime()).toBeGreaterThanOrEqual(row.expiresAt.getTime());
    const events = async () =>
      (await api.request('GET', `/v1/audit_events?actor=${token.id}`, { token: api.tokens.operator })).body
        .audit_events;
    expect(await events()).toMatchObject([
      { action: 'session.start', details: { name: 'olga@example.org', subject: 'olga', by: 'oidc' } },
      { action: 'token.create', details: { name: 'oidc: olga@example.org', role: 'operator' } },
    ]);
    expect((await send(browser, 'DELETE', '/v1/session', csrf_token)).status).toBe(204);
    expect((await tokens.findOneByOrFail({ id: token.id })).revokedAt).not.toBeNull();
    expect((await events())[0]).toMatchObject({ action: 'session.end', role: 'operator' });
  });

  it('revokes the token of a session that is over, and of one that a new sign-in replaces', async () => {
    const { dataSource } = api.database;
    const tokenOf = async (browser: OidcBrowser) => {
      const { csrf_token } = (await send(browser, 'GET', '/v1/session')).body.session;
      const row = await dataSource.getRepository(SessionEntity).findOneByOrFail({ csrfToken: csrf_token });
      return { csrf_token, id: row.tokenId };
    };
    const revoked = async (id: string) =>
      (await dataSource.getRepository(TokenEntity).findOneByOrFail({ id })).revokedAt !== null;
    const { browser } = await signIn('carl');
    const first = await tokenOf(browser);
    await signIn('carl', undefined, browser);
    const second = await tokenOf(browser);
    expect(second.id).not.toBe(first.id);
    expect([await revoked(first.id), await revoked(second.id)]).toEqual([true, false]);
    await dataSource.query(
      `UPDATE sessions SET last_used_at = now() - interval '3 hours' WHERE csrf_token = $1`,
      [second.csrf_token],
    );
    await purgeSessions(dataSource.manager);
    expect(await revoked(second.id)).toBe(true);
  });

  it.each([
    '//evil.example',
    'https://evil.example/',
    '/\\evil.example',
    '/.//evil.example',
    '/v1/servers',
    'x',
  ])('never leads to %s', async (returnTo) => {
    const { location, browser } = await signIn('olga', returnTo);
    expect(location).toBe('/');
    expect(browser.cookies.has('berth_session')).toBe(true);
  });

  describe('a way back that is not the one of this browser', () => {
    const begin = async () => {
      const browser = new OidcBrowser();
      return { browser, back: await browser.logIn(loginUrl(), 'olga', isCallback) };
    };
    const isRefused = async (browser: OidcBrowser, back: URL | string, words: RegExp) => {
      const before = await api.rowCounts();
      const { location } = await browser.open(back).then((r) => ({ location: r.headers.get('location') }));
      expect(wordsOf(location)).toMatch(words);
      expect(browser.cookies.has('berth_session')).toBe(false);
      expect(await api.rowCounts()).toEqual(before);
    };

    it('without its cookie, with the cookie of another sign-in, or with a state of its own', async () => {
      const mine = await begin();
      await isRefused(new OidcBrowser(), mine.back, /took too long, or was begun in another browser/);
      const other = new OidcBrowser();
      await other.open(loginUrl());
      await isRefused(other, mine.back, /^Example ID could not finish the sign-in/);
      const forged = new URL(mine.back);
      forged.searchParams.set('state', 'A'.repeat(43));
      await isRefused(mine.browser, forged, /^Example ID could not finish the sign-in/);
    });

    it('a second time', async () => {
      const { browser, back } = await begin();
      const kept = browser.cookies.get('berth_login')!;
      expect((await browser.open(back)).headers.get('location')).toBe('/');
      const again = new OidcBrowser();
      again.cookies.set('berth_login', kept);
      await isRefused(again, back, /took too long/);
    });

    it('with a code that the provider did not give to it', async () => {
      const [mine, theirs] = [await begin(), await begin()];
      const injected = new URL(mine.back);
      injected.searchParams.set('code', theirs.back.searchParams.get('code')!);
      await isRefused(mine.browser, injected, /^Example ID could not finish the sign-in/);
    });

    it('when the person said no', async () => {
      const browser = new OidcBrowser();
      const { response } = await browser.follow(loginUrl(), (url) => !isCallback(url));
      const abort = /href="([^"]+\/abort)"/.exec(await response.text())![1]!;
      const { next } = await browser.follow(abort, (url) => !isCallback(url));
      await isRefused(browser, next!, /^Example ID refused the sign-in \(access_denied\)$/);
    });

    it('with nothing at all, or with more than it takes', async () => {
      const callback = `${api.url}${OIDC_CALLBACK_PATH}`;
      for (const query of [
        '',
        '?code=x',
        '?error=access_denied&error_description=%3Cscript%3E',
        `?code=${'x'.repeat(5000)}`,
      ])
        await isRefused(new OidcBrowser(), callback + query, /took too long/);
    });
  });

  it('signs in without a client secret', async () => {
    const port = Number(new URL(String((options.clients[1]!.redirect_uris as string[])[0])).port);
    const plain = await startApi(port, {
      ...settings,
      clientId: 'public',
      clientSecret: null,
    });
    const { location } = await signIn('olga', '/jobs', new OidcBrowser(), plain);
    expect(location).toBe('/jobs');
  });

  it('says in words that Redis does not answer', async () => {
    const away = await startApi(await freePort(), settings, { redisUrl: 'redis://127.0.0.1:1' });
    const answer = await new OidcBrowser().open(loginUrl(undefined, away));
    expect(decodeURIComponent(answer.headers.get('location')!)).toMatch(
      /^\/sign-in\?error=.*Redis does not answer/,
    );
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('lets nobody begin sign-ins without end', async () => {
    const statuses = new Set<number>();
    for (let n = 0; n < 130; n++) statuses.add((await new OidcBrowser().open(loginUrl())).status);
    expect([...statuses]).toEqual([302, 429]);
  });
});
