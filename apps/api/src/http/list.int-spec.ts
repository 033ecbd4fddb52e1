import { orderServer } from '@berth/testing';
import { startTestApi, type TestApi } from '../testing/test-api';

describe('lists', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
    for (let i = 0; i < 30; i++) {
      const labels: Record<string, string> = { n: String(i), env: i < 10 ? 'prod' : 'test' };
      if (i % 2) labels.odd = '';
      await orderServer(api.database.dataSource, api.world, {
        name: `s${String(i).padStart(2, '0')}`,
        labels,
        status: i < 5 ? 'running' : 'creating',
      });
    }
  });
  afterAll(() => api.close());

  const names = async (query: string): Promise<string[]> => {
    const { status, body } = await api.request('GET', `/v1/servers?per_page=100&sort=name&${query}`);
    expect(status).toBe(200);
    return body.servers.map((server: { name: string }) => server.name);
  };

  it('have 25 a page, newest first, and tell where one is', async () => {
    const first = (await api.request('GET', '/v1/servers')).body;
    expect(first.servers).toHaveLength(25);
    expect(first.servers[0].name).toBe('s29');
    expect(first.meta.pagination).toEqual({
      page: 1,
      per_page: 25,
      total_entries: 30,
      last_page: 2,
      next_page: 2,
      previous_page: null,
    });
    const second = (await api.request('GET', '/v1/servers?page=2')).body;
    expect(second.servers).toHaveLength(5);
    expect(second.meta.pagination).toMatchObject({ page: 2, next_page: null, previous_page: 1 });
    const beyond = (await api.request('GET', '/v1/servers?page=9')).body;
    expect(beyond.servers).toEqual([]);
    expect(beyond.meta.pagination).toMatchObject({ page: 9, next_page: null, previous_page: 2 });
    const none = (await api.request('GET', '/v1/servers?name=none')).body;
    expect(none.meta.pagination).toMatchObject({ total_entries: 0, last_page: 1, next_page: null });
  });

  it('give every thing once over all pages', async () => {
    const seen: string[] = [];
    for (let page = 1; page <= 5; page++) {
      const { body } = await api.request('GET', `/v1/servers?per_page=7&page=${page}&sort=status:desc`);
      seen.push(...body.servers.map((server: { id: string }) => server.id));
    }
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
  });

  it('are sorted both ways', async () => {
    const up = await names('');
    expect(up).toEqual([...up].sort());
    const { body } = await api.request('GET', '/v1/servers?sort=name:desc&per_page=3');
    expect(body.servers.map((server: { name: string }) => server.name)).toEqual(['s29', 's28', 's27']);
  });

  it('select by labels', async () => {
    expect(await names('label_selector=n%3D7')).toEqual(['s07']);
    expect(await names('label_selector=env%3Dprod,odd')).toEqual(['s01', 's03', 's05', 's07', 's09']);
    expect(await names('label_selector=env%3Dprod,!odd')).toEqual(['s00', 's02', 's04', 's06', 's08']);
    expect(await names('label_selector=env!%3Dtest,n%20notin%20(1,2,3),missing!%3Dx,odd')).toEqual([
      's05',
      's07',
      's09',
    ]);
    expect(await names('label_selector=n%20in%20(3,4,99)')).toEqual(['s03', 's04']);
    expect(await names('label_selector=')).toHaveLength(30);
  });

  it('hold those alone whose ids are given, and nothing of another tenant', async () => {
    const { servers } = (await api.request('GET', '/v1/servers?per_page=3&sort=name')).body;
    const ids = servers.map(({ id }: { id: string }) => id);
    expect(await names(`id=${ids.join(',')}`)).toEqual(['s00', 's01', 's02']);
    expect(await names(`id=${ids[1]}&id=${ids[2]}`)).toEqual(['s01', 's02']);
    const staff = { token: api.tokens.operator };
    for (const [kind, id] of [
      ['hosts', api.world.host.id],
      ['tenants', api.world.tenant.id],
    ] as const) {
      const { body } = await api.request('GET', `/v1/${kind}?id=${id},${ids[0]}`, staff);
      expect(body[kind].map((one: { id: string }) => one.id)).toEqual([id]);
    }
    expect((await api.request('GET', '/v1/servers?id=web-1')).status).toBe(400);
  });

  it('filter by status, name, plan and host', async () => {
    expect(await names('status=running')).toHaveLength(5);
    expect(await names('status=running&status=creating')).toHaveLength(30);
    expect(await names('status=running,creating')).toHaveLength(30);
    expect(await names('name=s11')).toEqual(['s11']);
    expect(await names(`plan=${api.world.plan.name}&location=${api.world.location.id}`)).toHaveLength(30);
    const byHost = `/v1/servers?host=${api.world.host.name}`;
    expect((await api.request('GET', byHost)).body.error.code).toBe('forbidden');
    const staff = await api.request('GET', byHost, { token: api.tokens.operator });
    expect(staff.body.meta.pagination.total_entries).toBe(30);
    const operations = await api.request(
      'GET',
      '/v1/operations?status=pending&kind=create_server&per_page=1',
    );
    expect(operations.body.meta.pagination.total_entries).toBe(30);
  });
});
