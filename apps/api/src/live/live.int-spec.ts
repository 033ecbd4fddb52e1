import { newId, TenantEntity } from '@berth/database';
import { connectRedis, publishOperationChange } from '@berth/jobs';
import { eventually, orderServer } from '@berth/testing';
import type { Redis } from 'ioredis';
import { noQuota } from '../tenants/tenant-quota';
import { type LiveStream, openLiveStream } from '../testing/live-stream';
import { send, signIn } from '../testing/signed-in';
import { startTestApi, type TestApi } from '../testing/test-api';

let api: TestApi;
let redis: Redis;
const streams: LiveStream[] = [];

beforeAll(async () => {
  api = await startTestApi();
  redis = connectRedis(api.config.redisUrl, () => undefined);
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});
afterAll(async () => {
  redis.disconnect();
  await api.close();
});

async function open(token = api.tokens.customer, at = api): Promise<LiveStream> {
  const stream = await openLiveStream(at.url, token);
  streams.push(stream);
  return stream;
}
const sql = (text: string, parameters: unknown[] = []) => api.database.dataSource.query(text, parameters);
const order = () => orderServer(api.database.dataSource, api.world);
const last = <T extends { id: string }>(all: T[], id: string) => all.filter((one) => one.id === id).at(-1);
const resources = (stream: LiveStream) => stream.of('changed').flatMap((one) => one.resources);

async function otherTenant(): Promise<string> {
  const tenants = api.database.dataSource.getRepository(TenantEntity);
  const { id } = await tenants.save(
    tenants.create({ id: newId(), name: 'another', externalId: null, status: 'active', ...noQuota }),
  );
  return id;
}

it('says hello at once, and beats', async () => {
  const stream = await open();
  expect([stream.status, stream.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
  await eventually('hello', () => stream.of('hello').length === 1);
  expect(stream.of('hello')[0]!.version).toMatch(/^\d+\.\d+\.\d+$/);
  await eventually('a beat', () => stream.of('beat').length > 0);
});

it('tells an order, its operation and its server as the routes give them, to each as much as it may see', async () => {
  const viewers = [api.tokens.customer, api.tokens.billing, api.tokens.operator];
  const told = await Promise.all(viewers.map((token) => open(token)));
  const { server, operation } = await order();
  for (const [i, token] of viewers.entries()) {
    const get = async (path: string) => (await api.request('GET', path, { token })).body;
    await eventually(
      'both',
      () => last(told[i]!.of('operation'), operation.id) && last(told[i]!.of('server'), server.id),
    );
    expect(last(told[i]!.of('operation'), operation.id)).toEqual(
      (await get(`/v1/operations/${operation.id}`)).operation,
    );
    expect(last(told[i]!.of('server'), server.id)).toEqual((await get(`/v1/servers/${server.id}`)).server);
  }
  expect(JSON.stringify(told[1]!.of('server'))).not.toContain(api.world.host.id);
  expect(JSON.stringify(told[2]!.of('server'))).toContain(api.world.host.id);
});

it('tells progress at the ring of the doorbell, and without it a little later', async () => {
  const { operation } = await order();
  const stream = await open();
  for (const [progress, rings] of [
    [20, true],
    [40, false],
  ] as const) {
    await sql(`UPDATE operations SET status = 'running', progress = $2 WHERE id = $1`, [
      operation.id,
      progress,
    ]);
    if (rings)
      await publishOperationChange(redis, api.config.queuePrefix, {
        operationId: operation.id,
        ended: false,
      });
    await eventually('progress', () => last(stream.of('operation'), operation.id)?.progress === progress);
  }
  // A step's row alone.
  await sql(
    `UPDATE operation_steps SET status = 'running', started_at = now() WHERE operation_id = $1 AND position = 0`,
    [operation.id],
  );
  await eventually(
    'a step',
    () => last(stream.of('operation'), operation.id)?.steps[0]!.status === 'running',
  );
});

it('tells the last state of what changes often, and not more than a few before it', async () => {
  const { operation } = await order();
  const stream = await open();
  const began = performance.now();
  for (let progress = 1; progress <= 90; progress++) {
    await sql('UPDATE operations SET progress = $2 WHERE id = $1', [operation.id, progress]);
    await publishOperationChange(redis, api.config.queuePrefix, { operationId: operation.id, ended: false });
  }
  await eventually('the last', () => last(stream.of('operation'), operation.id)?.progress === 90);
  const intervals = Math.ceil((performance.now() - began) / 300);
  expect(stream.of('operation').length).toBeLessThanOrEqual(intervals + 1);
});

it('tells what a host told of a server, and that one is gone', async () => {
  const { server } = await order();
  const stream = await open();
  // As the observer writes it, and nobody rings.
  await sql(`UPDATE servers SET status = 'stopped' WHERE id = $1`, [server.id]);
  await eventually('stopped', () => {
    const told = last(stream.of('server'), server.id);
    return told && 'status' in told && told.status === 'stopped';
  });
  await sql(`UPDATE servers SET status = 'deleted', deleted_at = now() WHERE id = $1`, [server.id]);
  await eventually('gone', () => {
    const told = last(stream.of('server'), server.id);
    return told && 'deleted' in told;
  });
});

it('tells what was written first and committed last', async () => {
  const [first, second] = [await order(), await order()];
  const stream = await open();
  const runner = api.database.dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await runner.query(`UPDATE servers SET status = 'frozen' WHERE id = $1`, [first.server.id]);
    await runner.query(
      `INSERT INTO audit_events (id, actor, role, action, tenant_id, target_type, target_id, request_id)
       VALUES ($1, 'test', 'system', 'token.create', $2, 'token', 'x', 'test')`,
      [newId(), api.world.tenant.id],
    );
    await sql(`UPDATE servers SET status = 'running' WHERE id = $1`, [second.server.id]);
    await eventually('the second', () => last(stream.of('server'), second.server.id));
    // Looks at which nothing of the first is to be seen.
    const beats = stream.of('beat').length;
    await eventually('some looks', () => stream.of('beat').length > beats);
    expect(last(stream.of('server'), first.server.id)).toBeUndefined();
    expect(resources(stream)).not.toContain('tokens');
    await runner.commitTransaction();
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.release();
  }
  await eventually('the first', () => last(stream.of('server'), first.server.id));
  await eventually('its audit event', () => resources(stream).includes('tokens'));
});

it('tells kinds of other things, to those who may see them', async () => {
  const operator = await open(api.tokens.operator);
  const billing = await open(api.tokens.billing);
  const customer = await open();
  const call = (method: string, path: string, body?: object, token = api.tokens.operator) =>
    api.request(method, path, { token, body });
  await call('POST', `/v1/hosts/${api.world.host.id}/actions/cordon`);
  await call('POST', `/v1/hosts/${api.world.host.id}/actions/uncordon`);
  await call('PATCH', `/v1/plans/${api.world.plan.id}`, { description: 'better' });
  await call('POST', '/v1/tokens', {}, api.tokens.customer);
  await call('PATCH', `/v1/tenants/${api.world.tenant.id}`, { external_id: 'crm-1' });
  const all = ['audit_events', 'hosts', 'plans', 'quota', 'tenants', 'tokens'];
  await eventually('all', () => all.every((one) => resources(operator).includes(one as never)));
  await eventually("a customer's", () =>
    ['plans', 'tenants', 'tokens'].every((one) => resources(customer).includes(one as never)),
  );
  await eventually("billing's", () => resources(billing).includes('tenants'));
  for (const stream of [customer, billing])
    for (const one of ['audit_events', 'hosts', 'ip_pools', 'drift'])
      expect(resources(stream)).not.toContain(one);
  // What only a worker writes, without a word.
  const before = resources(operator).filter((one) => one === 'hosts').length;
  await sql('UPDATE hosts SET reachable = false WHERE id = $1', [api.world.host.id]);
  await eventually('hosts', () => resources(operator).filter((one) => one === 'hosts').length > before);
  await sql('UPDATE hosts SET reachable = true WHERE id = $1', [api.world.host.id]);
});

it("tells a tenant nothing of another's", async () => {
  const stranger = await open(await api.makeToken('customer', await otherTenant()));
  const owner = await open();
  const { server, operation } = await order();
  await api.request('POST', '/v1/tokens', { body: {} });
  await api.request('POST', '/v1/webhooks', { body: { url: 'https://hooks.example.com/' } });
  await publishOperationChange(redis, api.config.queuePrefix, { operationId: operation.id, ended: false });
  await eventually(
    'the owner',
    () => last(owner.of('server'), server.id) && resources(owner).includes('webhooks'),
  );
  const beats = stranger.of('beat').length;
  await eventually('another beat', () => stranger.of('beat').length > beats);
  expect([
    stranger.of('operation'),
    stranger.of('server'),
    stranger.of('changed'),
    stranger.of('overflow'),
  ]).toEqual([[], [], [], []]);
});

it('says that there was much, instead of all of it, and goes on one by one afterwards', async () => {
  const stream = await open();
  const orders = await Promise.all(Array.from({ length: 120 }, order));
  const overflowed = () => stream.of('overflow').flatMap((one) => one.resources);
  await eventually(
    'an overflow',
    () => overflowed().includes('operations') && overflowed().includes('servers'),
  );
  expect(stream.of('operation').length).toBeLessThan(100);
  const { operation } = orders[0]!;
  await eventually('calm', async () => {
    await sql('UPDATE operations SET progress = progress + 1 WHERE id = $1 AND progress < 90', [
      operation.id,
    ]);
    await publishOperationChange(redis, api.config.queuePrefix, { operationId: operation.id, ended: false });
    return last(stream.of('operation'), operation.id);
  });
});

it('ends when the token is revoked, or the tenant terminated', async () => {
  const { secret, token } = (await api.request('POST', '/v1/tokens', { body: {} })).body;
  const tenantId = await otherTenant();
  const [revoked, terminated, untouched] = [
    await open(secret),
    await open(await api.makeToken('customer', tenantId)),
    await open(),
  ];
  await api.request('DELETE', `/v1/tokens/${token.id}`);
  await sql(`UPDATE tenants SET status = 'terminated' WHERE id = $1`, [tenantId]);
  await eventually('the ends', () => revoked.ended && terminated.ended);
  expect(untouched.ended).toBe(false);
  expect((await open(secret)).status).toBe(401);
});

it('ends when the session does, and does not keep it alive', async () => {
  const [left, leaving] = [await signIn(api, api.tokens.customer), await signIn(api, api.tokens.customer)];
  const streams = [await openLiveStream(api.url, left), await openLiveStream(api.url, leaving)];
  await eventually('both', () => streams.every((stream) => stream.of('hello').length === 1));
  await send(api, leaving, 'DELETE', '/v1/session');
  await eventually('the end', () => streams[1]!.ended);
  expect(streams[0]!.ended).toBe(false);
  await sql(`UPDATE sessions SET idle_ms = 1`);
  await eventually('the end of the one that nobody uses', () => streams[0]!.ended);
});

it('asks Postgres nothing while nobody listens', async () => {
  const stream = await open();
  await eventually('hello', () => stream.of('hello').length === 1);
  stream.close();
  const looks = async (): Promise<string | null> => {
    const [row]: { looks: string }[] = await sql(
      `SELECT string_agg(pid || ' ' || query_start, ',' ORDER BY pid) AS looks FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%prepared:change_feed%' AND pid <> pg_backend_pid()`,
    );
    return row!.looks;
  };
  let before: string | null | undefined;
  await eventually(
    'silence',
    async () => {
      const now = await looks();
      const isSilent = now === before;
      before = now;
      return isSilent;
    },
    { intervalMs: 1000 },
  );
});

it('ends when the API does', async () => {
  const ending = await startTestApi();
  try {
    const stream = await open(ending.tokens.operator, ending);
    await ending.endGracefully();
    await eventually('the end', () => stream.ended);
  } finally {
    await ending.close();
  }
});
