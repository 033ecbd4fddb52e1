import { connect } from 'node:net';
import { startTestApi, type TestApi, type TestAnswer, type TestRequest } from '../testing/test-api';

const METACHARACTERS = [
  '; reboot',
  '$(reboot)',
  '`reboot`',
  'a|b',
  'a&&b',
  'a>b',
  "a'b",
  'a"b',
  'a\nb',
  'a\\b',
  'a\0b',
  '-rf *',
];

describe('bad input', () => {
  let api: TestApi;
  let order: Record<string, unknown>;
  let host: Record<string, unknown>;

  beforeAll(async () => {
    api = await startTestApi();
    const { plan, template, location } = api.world;
    order = { name: 'web', plan: plan.name, template: template.name, location: location.name };
    host = { name: 'h1', location: location.name, driver: 'simulated' };
    await api.request('POST', '/v1/servers', { body: { ...order, name: 'first', external_id: 'order-1' } });
  });
  afterAll(() => api.close());

  /** Sends it, and sees that it is refused in the one shape of errors and that no table has a row more or less. */
  async function refused(method: string, path: string, options: TestRequest): Promise<TestAnswer> {
    const before = await api.rowCounts();
    const answer = await api.request(method, path, options);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(Object.keys(answer.body)).toEqual(['error']);
    expect(Object.keys(answer.body.error).sort()).toEqual(['code', 'details', 'message', 'request_id']);
    expect(answer.body.error.request_id).toBe(answer.headers.get('x-request-id'));
    expect(await api.rowCounts()).toEqual(before);
    return answer;
  }

  const fieldsOf = (answer: TestAnswer) =>
    (answer.body.error.details.fields as { name: string }[]).map((f) => f.name);

  it.each<[string, Record<string, unknown>, string]>([
    ['unknown plan', { plan: 'no-such' }, 'plan'],
    ['unknown template', { template: 'no-such' }, 'template'],
    ['unknown location', { location: 'no-such' }, 'location'],
    ['a name that is no DNS label', { name: 'Web_1' }, 'name'],
    ['a name with a dot', { name: 'web.example' }, 'name'],
    ['a name that is too long', { name: 'a'.repeat(64) }, 'name'],
    ['no name', { name: undefined }, 'name'],
    ['a number for a name', { name: 7 }, 'name'],
    ['a list for a plan', { plan: ['nano'] }, 'plan'],
    ['text for a number', { ipv4: '1' }, 'ipv4'],
    ['a fraction', { ipv4: 1.5 }, 'ipv4'],
    ['a negative number', { ipv4: -1 }, 'ipv4'],
    ['too many addresses', { ipv4: 17 }, 'ipv4'],
    ['text for a flag', { start: 'yes' }, 'start'],
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['the prototype', { constructor: {} }, 'constructor'],
    ['an SSH key that is none', { ssh_keys: ['ssh-ed25519 AAAA'] }, 'ssh_keys.0'],
    ['an SSH key with options', { ssh_keys: ['command="id" ssh-ed25519 AAAA'] }, 'ssh_keys.0'],
    ['a short password', { root_password: 'short' }, 'root_password'],
    ['a password with a line break', { root_password: 'long enough\nroot:x' }, 'root_password'],
    ['a password with a colon', { root_password: 'long:enough' }, 'root_password'],
    ['a label value with a quote', { labels: { env: "a'b" } }, 'labels.env'],
    ['labels that are text', { labels: 'env=prod' }, 'labels'],
    ['a tenant id that is none', { tenant_id: '42' }, 'tenant_id'],
    ['limits, which customers do not set', { limits: { cpus: 64 } }, 'limits'],
  ])('order with %s: invalid_input, and which field', async (_what, change, field) => {
    const answer = await refused('POST', '/v1/servers', { body: { ...order, ...change } });
    expect([answer.status, answer.body.error.code, fieldsOf(answer)]).toEqual([
      400,
      'invalid_input',
      [field],
    ]);
  });

  it('names every wrong field at once', async () => {
    const answer = await refused('POST', '/v1/servers', { body: { name: '!', plan: 1, x: 1 } });
    expect(fieldsOf(answer).sort()).toEqual(['name', 'plan', 'template', 'x']);
  });

  const textFields = ['name', 'plan', 'template', 'location', 'external_id', 'tenant_id'];
  it.each(textFields)("a shell's metacharacters in an order's %s", async (field) => {
    for (const text of METACHARACTERS) {
      const answer = await refused('POST', '/v1/servers', { body: { ...order, [field]: text } });
      expect([text, answer.status, fieldsOf(answer)]).toEqual([text, 400, [field]]);
    }
  });

  it.each<[string, string, string, Record<string, unknown>]>([
    ['/v1/servers/first/actions/set_hostname', 'hostname', 'customer', {}],
    ['/v1/servers/first/actions/resize', 'plan', 'customer', {}],
    ['/v1/servers/first/actions/resize', 'limits.cpu_mask', 'operator', {}],
    ['/v1/servers/first/actions/reinstall', 'template', 'customer', {}],
    ['/v1/servers/first/actions/enable_feature', 'feature', 'customer', {}],
    ['/v1/servers/first/actions/disable_feature', 'feature', 'customer', {}],
    ['/v1/servers/first/actions/add_device', 'device', 'operator', {}],
    ['/v1/servers/first/actions/add_device', 'access', 'operator', { device: '/dev/null' }],
    ['/v1/servers/first/actions/remove_device', 'device', 'operator', {}],
    ['/v1/servers/first/actions/add_address', 'family', 'customer', {}],
    ['/v1/servers/first/actions/remove_address', 'address', 'customer', {}],
    ['/v1/servers/first/actions/set_rdns', 'address', 'customer', { name: null }],
    ['/v1/servers/first/actions/set_rdns', 'name', 'customer', { address: '10.200.0.1' }],
    ['/v1/servers/first/actions/migrate', 'host', 'operator', { mode: 'live' }],
    ['/v1/servers/first/actions/migrate', 'mode', 'operator', {}],
    ['/v1/servers/first/snapshots', 'name', 'customer', {}],
    ['/v1/snapshots/none/actions/clone', 'name', 'customer', {}],
    ['/v1/snapshots/none/actions/clone', 'external_id', 'customer', { name: 'c' }],
    ['/v1/tenants', 'name', 'operator', {}],
    ['/v1/tenants', 'external_id', 'operator', { name: 't' }],
    ['/v1/tokens', 'name', 'operator', {}],
    ['/v1/locations', 'name', 'operator', {}],
    ['/v1/plans', 'name', 'operator', { limits: {} }],
    ['/v1/plans', 'limits.cpu_mask', 'operator', { name: 'p' }],
    ['/v1/templates', 'name', 'operator', { source: 'https://example.org/a.tar', sha256: 'a'.repeat(64) }],
    ['/v1/templates', 'source', 'operator', { name: 't', sha256: 'a'.repeat(64) }],
    ['/v1/templates', 'sha256', 'operator', { name: 't', source: 'https://example.org/a.tar' }],
    ['/v1/ip_pools', 'cidr', 'operator', { location: 'x' }],
    ['/v1/ip_pools', 'gateway', 'operator', { cidr: '10.9.0.0/24', location: 'x' }],
    ['/v1/hosts', 'name', 'operator', {}],
    ['/v1/hosts', 'address', 'operator', {}],
    ['/v1/hosts', 'user', 'operator', {}],
    ['/v1/hosts', 'location', 'operator', {}],
    ['/v1/hosts', 'driver', 'operator', {}],
    ['/v1/hosts', 'host_key_fingerprint', 'operator', {}],
    ['/v1/hosts', 'private_key', 'operator', {}],
  ])("a shell's metacharacters at POST %s in %s", async (path, field, role, rest) => {
    const [outer, inner] = field.split('.') as [string, string?];
    const base = path === '/v1/hosts' ? { ...host, address: '192.0.2.9' } : rest;
    for (const text of METACHARACTERS) {
      const body = { ...base, [outer]: inner ? { [inner]: text } : text };
      const token = role === 'operator' ? api.tokens.operator : api.tokens.customer;
      const answer = await refused('POST', path, { token, body });
      expect([text, answer.status, fieldsOf(answer)]).toEqual([text, 400, [field]]);
    }
  });

  it.each(['; reboot', '$(reboot)', '`reboot`', 'a|b', 'a&&b', 'a>b', 'a\nb', 'a\\b', 'a\0b'])(
    'a description with %j',
    async (description) => {
      const body = { name: 'p', limits: {}, description };
      const answer = await refused('POST', '/v1/plans', { token: api.tokens.operator, body });
      expect(fieldsOf(answer)).toEqual(['description']);
    },
  );

  it('an external_id that is used, with another body: uniqueness_error', async () => {
    const answer = await refused('POST', '/v1/servers', { body: { ...order, external_id: 'order-1' } });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'uniqueness_error']);
  });

  it('the external_id of another tenant: uniqueness_error', async () => {
    const token = api.tokens.billing;
    await api.request('POST', '/v1/tenants', { token, body: { name: 'one', external_id: 'customer-1' } });
    const answer = await refused('POST', '/v1/tenants', {
      token,
      body: { name: 'two', external_id: 'customer-1' },
    });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'uniqueness_error']);
  });

  describe('bodies that are no JSON objects', () => {
    it.each<[string, string | Buffer]>([
      ['half of it', '{"name":'],
      ['not JSON', 'name=web'],
      ['two', '{}{}'],
      ['text', '"web"'],
      ['null', 'null'],
      ['a list', '[]'],
      ['nested without end', '['.repeat(100_000) + ']'.repeat(100_000)],
      ['broken UTF-16', '{"name":"\\ud800"}'],
      ['NUL', '{"name":"a\\u0000b"}'],
      ['NUL in a key', '{"a\\u0000b":1}'],
      ['a huge number', '{"name":"web","ipv4":1e999}'],
    ])('%s', async (_what, raw) => {
      const answer = await refused('POST', '/v1/servers', { raw });
      expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_input']);
    });

    it('refuses another content type', async () => {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      ]) {
        const answer = await refused('POST', '/v1/servers', { raw: '{}', headers: { 'content-type': type } });
        expect([type, answer.status, answer.body.error.code]).toEqual([type, 400, 'invalid_input']);
      }
    });

    it('refuses an unknown charset and encoding', async () => {
      const charset = { 'content-type': 'application/json; charset=klingon' };
      expect((await refused('POST', '/v1/servers', { raw: '{}', headers: charset })).status).toBe(400);
      const encoding = { 'content-encoding': 'gzip' };
      expect((await refused('POST', '/v1/servers', { raw: 'no gzip', headers: encoding })).status).toBe(400);
    });

    it('refuses one that is too large: payload_too_large', async () => {
      const raw = JSON.stringify({ ...order, description: 'x'.repeat(300_000) });
      const answer = await refused('POST', '/v1/servers', { raw });
      expect([answer.status, answer.body.error.code]).toEqual([413, 'payload_too_large']);
    });
  });

  describe('paths and queries', () => {
    it.each([
      '/v1/servers/no-such',
      '/v1/servers/0198c0de-0000-7000-8000-000000000000',
      '/v1/servers/%00',
      '/v1/servers/a%00b',
      "/v1/servers/'%20OR%201=1",
      '/v1/servers/..%2f..%2fetc',
      `/v1/servers/${'x'.repeat(2000)}`,
      '/v1/operations/not-a-uuid',
      '/v1/operations/0198c0de-0000-7000-8000-000000000000/events',
      '/v1/tokens/%F0%9F%92%A9',
      '/v1/plans/%0a',
      '/v1/nothing',
      '/nothing',
      '/v1/servers/first/nothing',
      '/v1/snapshots/no-such',
      '/v1/servers/no-such/snapshots',
      '/v1/servers/no-such/metrics',
      '/v1/servers/no-such/beancounters',
    ])('GET %s: not_found', async (path) => {
      const answer = await refused('GET', path, {});
      expect([answer.status, answer.body.error.code]).toEqual([404, 'not_found']);
    });

    it.each([
      '/v1/servers?page=0',
      '/v1/servers?page=-1',
      '/v1/servers?page=x',
      '/v1/servers?page=99999999999999999999',
      '/v1/servers?per_page=101',
      '/v1/servers?per_page=0',
      '/v1/servers?sort=password:asc',
      '/v1/servers?sort=name:sideways',
      '/v1/servers?sort=name;drop',
      '/v1/servers?colour=red',
      '/v1/servers?name=a&name=b',
      '/v1/servers?name=%00',
      '/v1/servers?label_selector=a%3D%27',
      '/v1/servers?status=sleeping',
      '/v1/servers?tenant_id=1',
      '/v1/operations?kind=nothing',
      '/v1/servers/%ff',
      '/v1/servers/first/metrics?from=yesterday',
      '/v1/servers/first/metrics?from=-1',
      '/v1/servers/first/metrics?from=2026-01-01',
      '/v1/servers/first/metrics?from=2026-01-01T00:00:00',
      '/v1/servers/first/metrics?from=2026-13-01T00:00:00Z',
      '/v1/servers/first/metrics?from=99999999999',
      '/v1/servers/first/metrics?from=0',
      '/v1/servers/first/metrics?from=1&from=2',
      '/v1/servers/first/metrics?step=0',
      '/v1/servers/first/metrics?step=9',
      '/v1/servers/first/metrics?step=1.5',
      '/v1/servers/first/metrics?step=60;drop',
      '/v1/servers/first/metrics?step=9999999',
      '/v1/servers/first/metrics?steps=60',
      '/v1/servers/first/metrics?from=%00',
      '/v1/servers/first/metrics?tenant_id=1',
    ])('GET %s: invalid_input', async (path) => {
      const answer = await refused('GET', path, {});
      expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_input']);
    });

    it('a filter for a plan that is not there: not_found rather than an empty list', async () => {
      const answer = await refused('GET', '/v1/servers?plan=no-such', {});
      expect(answer.body.error.code).toBe('not_found');
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a port too high', { port: 65_536 }, 'port'],
    ['port 0', { port: 0 }, 'port'],
    ['a driver that is unknown', { driver: 'docker' }, 'driver'],
    ['no private key', { driver: 'lxc', address: '192.0.2.1' }, 'private_key'],
    ['no address', { driver: 'lxc', private_key: 'x' }, 'address'],
    [
      'an option for an address',
      { driver: 'lxc', private_key: 'x', address: '-oProxyCommand=id' },
      'address',
    ],
    [
      'a private key that is none',
      { driver: 'lxc', private_key: 'hunter2', address: '192.0.2.1' },
      'private_key',
    ],
    ['no capacity at all', { capacity: { cpus: 0 } }, 'capacity.cpus'],
    ['no overcommit', { overcommit: { ram: 0 } }, 'overcommit.ram'],
  ])('host with %s', async (_what, change, field) => {
    const answer = await refused('POST', '/v1/hosts', {
      token: api.tokens.operator,
      body: { ...host, ...change },
    });
    expect([answer.status, fieldsOf(answer)]).toEqual([400, [field]]);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });

  it('survives what is no HTTP', async () => {
    const { hostname, port } = new URL(api.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.end('\0\x01\x02 nonsense\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect((await api.request('GET', '/health/live')).status).toBe(200);
  });
});
