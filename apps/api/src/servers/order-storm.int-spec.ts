import { startTestApi, type TestApi, type TestAnswer } from '../testing/test-api';

const ORDERS = 1000;
/** A /25 has 126 usable addresses; the gateway takes one, and 25 more are taken before. */
const FREE = 100;

describe('1,000 orders at once for 100 addresses', () => {
  let api: TestApi;
  let answers: TestAnswer[];
  let tookMs: number;

  beforeAll(async () => {
    api = await startTestApi({ dbPoolSize: 20 }, { cidr: '10.201.0.0/25' });
    const { plan, template, location, pool } = api.world;
    await api.database.dataSource.query('UPDATE ip_pools SET next_unit = 27 WHERE id = $1', [pool.id]);
    const body = { name: 'burst', plan: plan.name, template: template.name, location: location.name };
    const begin = Date.now();
    answers = await Promise.all(
      Array.from({ length: ORDERS }, () => api.request('POST', '/v1/servers', { body })),
    );
    tookMs = Date.now() - begin;
  }, 180_000);
  afterAll(() => api.close());

  it('gives exactly 100 servers, and says of the others what ran out', () => {
    const count = (status: number, code?: string) =>
      answers.filter((answer) => answer.status === status && answer.body.error?.code === code).length;
    expect([count(202), count(503, 'no_capacity')]).toEqual([FREE, ORDERS - FREE]);
    const refused = answers.find((answer) => answer.status === 503);
    expect(refused?.body.error.details).toMatchObject({ resource: 'ipv4' });
  });

  it('gives no address twice', () => {
    const given = answers
      .filter((answer) => answer.status === 202)
      .map((answer) => answer.body.server.addresses[0].address);
    expect(new Set(given).size).toBe(FREE);
  });

  it('leaves the books right: no more rows than servers, and every count', async () => {
    const rows = await api.rowCounts();
    expect(rows).toMatchObject({
      servers: FREE,
      operations: FREE,
      outbox: FREE,
      addresses: FREE,
      audit_events: FREE,
    });
    const quota = (await api.request('GET', '/v1/quota')).body.quota;
    expect(quota.used).toMatchObject({ servers: FREE, ipv4: FREE, cpus: FREE / 2 });
    const host = await api.request('GET', `/v1/hosts/${api.world.host.id}`, { token: api.tokens.operator });
    expect(host.body.host.used.servers).toBe(FREE);
  });

  it('ends quickly', () => {
    console.log(`1,000 orders answered in ${tookMs} ms`);
    // Some 10 s of work; the rest is for other tests on the same cores.
    expect(tookMs).toBeLessThan(110_000);
  });

  it('answers others meanwhile, and the quota in the same way', async () => {
    await api.database.dataSource.query('UPDATE tenants SET quota_servers = 100');
    const { plan, template, location } = api.world;
    const body = { name: 'burst', plan: plan.name, template: template.name, location: location.name };
    const storm = Promise.all(
      Array.from({ length: 200 }, () => api.request('POST', '/v1/servers', { body })),
    );
    const other = await api.request('GET', '/v1/plans', { token: api.tokens.billing });
    expect(other.status).toBe(200);
    for (const answer of await storm) {
      expect([answer.status, answer.body.error.code]).toEqual([422, 'quota_exceeded']);
      expect(answer.body.error.details).toEqual({ resource: 'servers', limit: 100, used: 100, requested: 1 });
    }
  });
});
