import type { PoolAddressesView } from '@berth/contracts';
import { orderServer } from '@berth/testing';
import { startTestApi, type TestApi } from '../testing/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({}, { cidr: '10.200.0.0/28' });
});
afterAll(() => api.close());

const operator = (method: string, path: string, body?: object) =>
  api.request(method, path, { token: api.tokens.operator, body });
async function map(id: string, query = ''): Promise<PoolAddressesView> {
  const { status, body } = await operator('GET', `/v1/ip_pools/${id}/addresses${query}`);
  expect([status, body.error]).toEqual([200, undefined]);
  return body;
}

it('shows every address of an IPv4 network in order, and what became of it', async () => {
  const { pool } = api.world;
  const { dataSource } = api.database;
  const gateway = '10.200.0.2';
  await operator('PATCH', `/v1/ip_pools/${pool.id}`, { gateway });
  const first = await orderServer(dataSource, api.world, { name: 'first' });
  const second = await orderServer(dataSource, api.world, { name: 'second' });
  await dataSource.query(
    `UPDATE addresses SET server_id = NULL, tenant_id = NULL, is_primary = false, released_at = now() WHERE server_id = $1`,
    [first.server.id],
  );
  const { addresses, ip_pool, meta } = await map(pool.id);
  expect(addresses.map(({ address }) => address)).toEqual(
    Array.from({ length: 16 }, (_, i) => `10.200.0.${i}`),
  );
  const states = addresses.map(({ state, reserved_for }) => reserved_for ?? state);
  expect(states).toEqual(['network', 'free', 'gateway', 'assigned', ...Array(11).fill('free'), 'broadcast']);
  expect(addresses[1]).toMatchObject({ server: null, released_at: expect.any(String) });
  expect(addresses[3]).toMatchObject({
    server: { id: second.server.id, name: 'second' },
    tenant_id: api.world.tenant.id,
    prefix: 32,
  });
  expect(addresses[4]).toMatchObject({ state: 'free', released_at: null });
  expect(ip_pool).toMatchObject({ size: 16, used: 1, usage: { assigned: 1, reserved: 3, free: 12 } });
  expect(meta.pagination).toMatchObject({ per_page: 256, total_entries: 16, last_page: 1 });
  const page = await map(pool.id, '?page=2&per_page=5');
  expect(page.addresses.map(({ address }) => address)).toEqual([5, 6, 7, 8, 9].map((i) => `10.200.0.${i}`));
  expect((await map(pool.id, '?page=9&per_page=5')).addresses).toEqual([]);
});

it('shows the networks of an IPv6 pool that servers have', async () => {
  const { location, plan, template } = api.world;
  const pool = await operator('POST', '/v1/ip_pools', { cidr: '2001:db8::/48', location: location.name });
  const { id } = pool.body.ip_pool;
  expect((await map(id)).addresses).toEqual([]);
  const order = {
    name: 'six',
    plan: plan.name,
    template: template.name,
    location: location.name,
    ipv4: 0,
    ipv6: 2,
  };
  const { body } = await api.request('POST', '/v1/servers', { body: order });
  const { addresses, ip_pool } = await map(id);
  expect(addresses).toMatchObject([
    { address: '2001:db8::1', prefix: 64, state: 'assigned', server: { id: body.server.id, name: 'six' } },
    { address: '2001:db8:0:1::1', state: 'assigned' },
  ]);
  expect(ip_pool.usage).toEqual({ assigned: 2, reserved: 0, free: 65_534 });
  expect((await operator('GET', '/v1/ip_pools/nothing/addresses')).status).toBe(404);
});
