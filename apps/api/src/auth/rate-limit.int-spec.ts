import { startTestApi, type TestApi } from '../testing/test-api';

const LIMIT = 10;

describe('rate limits', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi({ rateLimitPerHour: LIMIT });
  });
  afterAll(() => api.close());

  it('counts down a token, and then refuses until the hour is over', async () => {
    const token = await api.makeToken('customer', api.world.tenant.id);
    for (let left = LIMIT - 1; left >= 0; left--) {
      // Refusals count too, and carry the headers.
      const path = left % 2 ? '/v1/servers' : '/v1/servers/none';
      const { status, headers } = await api.request('GET', path, { token });
      expect([status, headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual([
        left % 2 ? 200 : 404,
        String(LIMIT),
        String(left),
      ]);
      const reset = Number(headers.get('ratelimit-reset')) - Date.now() / 1000;
      expect(reset).toBeGreaterThan(3500);
      expect(reset).toBeLessThan(3602);
    }
    const { status, headers, body } = await api.request('GET', '/v1/servers', { token });
    expect([status, body.error.code]).toEqual([429, 'rate_limited']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(3500);
    expect(headers.get('ratelimit-remaining')).toBe('0');
    // Another token of the tenant has its own count.
    expect((await api.request('GET', '/v1/servers')).status).toBe(200);
  });

  it('counts exactly when requests come together', async () => {
    const token = await api.makeToken('customer', api.world.tenant.id);
    const answers = await Promise.all(
      Array.from({ length: 3 * LIMIT }, () => api.request('GET', '/v1/servers', { token })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2 * LIMIT);
  });

  it('exempts operators and billing, with the same headers', async () => {
    for (let i = 0; i < LIMIT + 5; i++) {
      const { status, headers } = await api.request('GET', '/v1/servers', { token: api.tokens.operator });
      expect([status, headers.get('ratelimit-remaining')]).toEqual([200, String(LIMIT)]);
    }
  });

  it('slows the guessing of tokens down without locking out who has one', async () => {
    const guess = () => api.request('GET', '/v1/servers', { token: `berth_${'A'.repeat(43)}` });
    const statuses: number[] = [];
    for (let i = 0; i < 310; i++) statuses.push((await guess()).status);
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
    expect((await api.request('GET', '/v1/servers', { token: api.tokens.billing })).status).toBe(200);
  });
});

describe('rate limits without Redis', () => {
  let api: TestApi;

  beforeAll(async () => {
    // A port of ours that nothing listens on.
    api = await startTestApi({ rateLimitPerHour: LIMIT, redisUrl: 'redis://127.0.0.1:1' });
  });
  afterAll(() => api.close());

  it('are counted by the process itself, and orders are taken', async () => {
    const { plan, template, location } = api.world;
    const body = { name: 'web', plan: plan.id, template: template.id, location: location.id };
    expect((await api.request('POST', '/v1/servers', { body })).status).toBe(202);
    const statuses: number[] = [];
    for (let i = 0; i < LIMIT; i++) statuses.push((await api.request('GET', '/v1/servers')).status);
    expect(statuses).toEqual([...Array<number>(LIMIT - 1).fill(200), 429]);
    const ready = await api.request('GET', '/health/ready');
    expect([ready.status, ready.body.status]).toEqual([200, 'degraded']);
    const jobs = await api.request('GET', '/v1/jobs', { token: api.tokens.operator });
    expect([jobs.status, jobs.body.error.code]).toEqual([503, 'unavailable']);
  });
});
