import { DataSource } from 'typeorm';
import { outcome, send, setCookie, type SignedIn, signIn, signInWith } from '../testing/signed-in';
import { startTestApi, type TestApi, type TestRequest } from '../testing/test-api';

describe('what a session protects from', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

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
      expect((await get(cookie!.replace('__Host-', ''))).body).toEqual({ session: null });
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
    const browser = await signIn(api, api.tokens.customer);
    const before = await api.rowCounts();
    for (const [method, path, body] of [
      ['POST', '/v1/tokens', {}],
      ['DELETE', '/v1/servers/none', undefined],
      ['PATCH', '/v1/servers/none', {}],
      ['DELETE', '/v1/session', undefined],
    ] as const) {
      const answer = await send(api, browser, method, path, { body, headers });
      expect([method, path, ...outcome(answer)]).toEqual([method, path, 403, 'forbidden']);
      expect(answer.body.error.message).toMatch(/X-CSRF-Token|another site/);
    }
    expect(await api.rowCounts()).toEqual(before);
    expect((await send(api, browser, 'GET', '/v1/session')).status).toBe(200);
  });

  it("takes no session's CSRF token for another's", async () => {
    const [mine, other] = [await signIn(api, api.tokens.customer), await signIn(api, api.tokens.customer)];
    expect((await send(api, { ...mine, csrf: other.csrf }, 'POST', '/v1/tokens', { body: {} })).status).toBe(
      403,
    );
    expect((await send(api, mine, 'POST', '/v1/tokens', { body: {} })).status).toBe(201);
    const typedIn = { 'sec-fetch-site': 'none' };
    expect((await send(api, mine, 'POST', '/v1/tokens', { body: {}, headers: typedIn })).status).toBe(201);
  });

  it('cannot be forced upon a visitor by another site, nor by a cookie from before', async () => {
    const forced = await signInWith(api, api.tokens.customer, {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(outcome(forced)).toEqual([403, 'forbidden']);
    expect(forced.headers.getSetCookie()).toEqual([]);
    const form = { 'content-type': 'text/plain' };
    const raw = JSON.stringify({ token: api.tokens.customer });
    expect((await signInWith(api, '', { body: undefined, raw, headers: form })).status).toBe(400);
    const planted = `berth_session=${'A'.repeat(43)}`;
    const browser = await signIn(api, api.tokens.customer, { headers: { cookie: planted } });
    expect(browser.cookie).not.toBe(planted);
    const again = await signIn(api, api.tokens.operator, { headers: { cookie: browser.cookie } });
    expect(again.cookie).not.toBe(browser.cookie);
    expect((await send(api, browser, 'GET', '/v1/session')).body).toEqual({ session: null });
  });

  it('is the bearer that counts where there is a cookie too', async () => {
    const browser = await signIn(api, api.tokens.operator);
    const { cookie } = browser;
    const bearer = (token: string, method = 'GET', path = '/v1/hosts') =>
      api.request(method, path, { token, headers: { cookie }, ...(method === 'POST' && { body: {} }) });
    expect((await bearer(api.tokens.customer)).status).toBe(403);
    expect((await bearer(`berth_${'A'.repeat(43)}`)).status).toBe(401);
    expect((await bearer(api.tokens.customer, 'POST', '/v1/tokens')).status).toBe(201);
    expect((await bearer(api.tokens.customer, 'GET', '/v1/session')).body.session.role).toBe('operator');
  });

  it('costs a request with a bearer token no query, with a cookie or without', async () => {
    const { cookie } = await signIn(api, api.tokens.operator);
    const asked = jest.spyOn(DataSource.prototype, 'query');
    const queriesOf = async (options: TestRequest) => {
      asked.mockClear();
      expect((await api.request('GET', '/v1/jobs', options)).status).toBe(200);
      return asked.mock.calls.map(([sql]) => /prepared:(find_\w+)/.exec(sql)?.[1]).filter(Boolean);
    };
    try {
      const token = api.tokens.operator;
      expect(await queriesOf({ token })).toEqual(['find_token']);
      expect(await queriesOf({ token, headers: { cookie } })).toEqual(['find_token']);
      expect(await queriesOf({ token: null, headers: { cookie } })).toEqual(['find_session']);
    } finally {
      asked.mockRestore();
    }
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

  it("shows the queues to an operator's session", async () => {
    const queues = (browser: SignedIn, method = 'GET') =>
      send(api, browser, method, '/admin/queues/api/queues');
    expect((await queues(await signIn(api, api.tokens.operator))).body.queues).toMatchObject([
      { name: 'operations' },
    ]);
    expect((await queues(await signIn(api, api.tokens.billing))).status).toBe(403);
    expect((await queues({ cookie: `berth_session=${'A'.repeat(43)}`, csrf: '' })).status).toBe(401);
    const forged = { ...(await signIn(api, api.tokens.operator)), csrf: 'x' };
    expect((await queues(forged, 'PUT')).status).toBe(403);
  });
});
