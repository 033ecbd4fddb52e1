import { eventually } from '@berth/testing';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findHostWithKey, unseal } from '@berth/database';
import { orderServer } from '@berth/testing';
import { startTestApi, type TestApi, type TestAnswer } from '../testing/test-api';

function newKey(): string {
  const dir = mkdtempSync(join(tmpdir(), 'berth-key-'));
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
    return readFileSync(join(dir, 'key'), 'utf8');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('what operators keep: hosts, pools, locations, templates, plans, tenants', () => {
  let api: TestApi;
  let location: string;

  beforeAll(async () => {
    api = await startTestApi();
    location = api.world.location.name;
  });
  afterAll(() => api.close());

  const send = (method: string, path: string, body?: unknown): Promise<TestAnswer> =>
    api.request(method, path, { token: api.tokens.operator, body });
  const code = (answer: TestAnswer) => [answer.status, answer.body.error?.code];

  it('takes a host in: its key sealed, never shown, and an operation to enrol it', async () => {
    const key = newKey();
    const fingerprint = `SHA256:${'A'.repeat(43)}`;
    const { status, body } = await send('POST', '/v1/hosts', {
      name: 'node-1',
      address: '192.0.2.10',
      port: 2222,
      user: 'root',
      private_key: key,
      host_key_fingerprint: fingerprint,
      driver: 'lxc',
      location,
      capacity: { cpus: 8 },
      overcommit: { cpus: 4 },
    });
    expect(status).toBe(202);
    expect(body.host).toMatchObject({
      name: 'node-1',
      status: 'enrolling',
      driver: 'lxc',
      location,
      address: '192.0.2.10',
      port: 2222,
      host_key_fingerprint: fingerprint,
      capacity: { cpus: 8, ram_bytes: 0, disk_bytes: 0 },
      overcommit: { cpus: 4, ram: 1, disk: 1 },
      used: { servers: 0 },
    });
    expect(body.operation).toMatchObject({ kind: 'enrol_host', host_id: body.host.id, server_id: null });
    const line = key.split('\n')[1]!;
    expect(JSON.stringify(body)).not.toContain(line);
    expect(JSON.stringify(await api.database.dataSource.query('SELECT * FROM audit_events'))).not.toContain(
      line,
    );
    const row = await findHostWithKey(api.database.dataSource.manager, body.host.id);
    expect(row?.privateKeySealed).not.toContain(line);
    expect(await unseal(api.keys, row!.privateKeySealed!)).toBe(key);
    expect(code(await send('DELETE', '/v1/hosts/node-1'))).toEqual([409, 'locked']);
    expect(code(await send('POST', '/v1/hosts', { name: 'node-1', driver: 'simulated', location }))).toEqual([
      409,
      'uniqueness_error',
    ]);
  });

  it('cordons, uncordons and changes a host, and lets it go when it is empty', async () => {
    const { host } = api.world;
    const path = `/v1/hosts/${host.name}`;
    const { server } = await orderServer(api.database.dataSource, api.world);
    for (let i = 0; i < 2; i++)
      expect((await send('POST', `${path}/actions/cordon`)).body.host.status).toBe('cordoned');
    const order = { name: 'x', plan: api.world.plan.id, template: api.world.template.id, location };
    expect(code(await api.request('POST', '/v1/servers', { body: order }))).toEqual([503, 'no_capacity']);
    expect((await send('POST', `${path}/actions/uncordon`)).body.host.status).toBe('active');
    const changed = await send('PATCH', path, { overcommit: { ram: 1.5 }, capacity: { cpus: 2.5 } });
    expect(changed.body.host).toMatchObject({
      capacity: { cpus: 2.5, ram_bytes: host.capacityRamBytes },
      overcommit: { cpus: 1, ram: 1.5, disk: 1 },
    });
    expect(code(await send('DELETE', path))).toEqual([409, 'conflict']);
    const other = await send('POST', '/v1/locations', { name: 'elsewhere' });
    expect(other.status).toBe(201);
    expect(code(await send('PATCH', path, { location: 'elsewhere' }))).toEqual([409, 'conflict']);
    await api.database.dataSource.query(
      `UPDATE servers SET status = 'deleted', deleted_at = now() WHERE id = $1`,
      [server.id],
    );
    expect((await send('PATCH', path, { location: 'elsewhere' })).body.host.location).toBe('elsewhere');
    expect((await send('DELETE', path)).status).toBe(204);
    expect(code(await send('GET', path))).toEqual([404, 'not_found']);
    const removed = await send('GET', '/v1/hosts?status=removed');
    expect(removed.body.hosts).toMatchObject([{ id: host.id, status: 'removed' }]);
    expect(code(await send('DELETE', '/v1/locations/elsewhere'))).toEqual([409, 'conflict']);
  });

  it('keeps address pools apart, and lets one go when it is unused', async () => {
    const make = (body: object) => send('POST', '/v1/ip_pools', { location, ...body });
    const made = await make({ cidr: '198.51.100.0/28', gateway: '198.51.100.1', family: 4 });
    expect(made.body.ip_pool).toMatchObject({
      cidr: '198.51.100.0/28',
      family: 4,
      gateway: '198.51.100.1',
      location,
      size: 16,
      used: 0,
    });
    expect(code(await make({ cidr: '198.51.100.8/29' }))).toEqual([409, 'conflict']);
    for (const [body, field] of [
      [{ cidr: '198.51.100.9/29' }, 'cidr'],
      [{ cidr: '198.51.0.0/2' }, 'cidr'],
      [{ cidr: '300.0.0.0/24' }, 'cidr'],
      [{ cidr: '192.0.2.0/24', family: 6 }, 'family'],
      [{ cidr: '192.0.2.0/24', gateway: '192.0.3.1' }, 'gateway'],
      [{ cidr: '192.0.2.0/24', location: 'none' }, 'location'],
    ] as const) {
      const refused = await make(body);
      expect([refused.status, refused.body.error.details.fields[0].name]).toEqual([400, field]);
    }
    const six = await make({ cidr: '2001:DB8:0:0::/48', gateway: 'fe80::1' });
    expect(six.body.ip_pool).toMatchObject({ cidr: '2001:db8::/48', family: 6, size: 65_536 });
    const { pool } = api.world;
    await api.database.dataSource.query(
      `INSERT INTO addresses (pool_id, address, family, prefix) VALUES ($1, '10.200.200.200', 4, 32)`,
      [pool.id],
    );
    expect((await send('DELETE', `/v1/ip_pools/${made.body.ip_pool.id}`)).status).toBe(204);
    expect(code(await send('GET', `/v1/ip_pools/${made.body.ip_pool.id}`))).toEqual([404, 'not_found']);
  });

  it('keeps templates: files only from where the operator of the API allows', async () => {
    const make = (body: object) =>
      send('POST', '/v1/templates', {
        name: 'debian-12',
        sha256: 'AB'.repeat(32),
        architecture: 'amd64',
        ...body,
      });
    const made = await make({ source: 'file:///srv/templates/debian-12.tar.zst', description: 'Debian 12' });
    expect(made.status).toBe(201);
    expect(made.body.template).toMatchObject({
      name: 'debian-12',
      compression: 'zstd',
      sha256: 'ab'.repeat(32),
      source: 'file:///srv/templates/debian-12.tar.zst',
    });
    expect(code(await make({ source: 'https://example.org/x.tar' }))).toEqual([409, 'uniqueness_error']);
    for (const source of [
      'file:///etc/shadow.tar',
      'ftp://example.org/x.tar',
      'file://host/srv/templates/x.tar',
    ]) {
      const refused = await make({ name: 'other', source });
      expect([refused.status, refused.body.error.details.fields[0].name]).toEqual([400, 'source']);
    }
    expect((await send('PATCH', '/v1/templates/debian-12', { name: 'bookworm' })).body.template.name).toBe(
      'bookworm',
    );
    expect((await send('DELETE', '/v1/templates/bookworm')).status).toBe(204);
    expect((await make({ name: 'bookworm', source: 'https://example.org/x.tar' })).status).toBe(201);
  });

  it('keeps plans, whose changes servers do not follow', async () => {
    const MIB = 1024 ** 2;
    const made = await send('POST', '/v1/plans', {
      name: 'odd',
      limits: { ram_bytes: 100 * MIB + 5, cpus: 2 },
    });
    expect(made.body.plan.limits).toMatchObject({ ram_bytes: 100 * MIB, cpus: 2, disk_bytes: null });
    const changed = await send('PATCH', '/v1/plans/odd', { limits: { disk_bytes: 500 * MIB } });
    expect(changed.body.plan.limits).toMatchObject({ ram_bytes: 100 * MIB, cpus: 2, disk_bytes: 500 * MIB });
    expect(code(await send('POST', '/v1/plans', { name: 'odd', limits: {} }))).toEqual([
      409,
      'uniqueness_error',
    ]);
    expect((await send('DELETE', '/v1/plans/odd')).status).toBe(204);
    expect(code(await send('GET', '/v1/plans/odd'))).toEqual([404, 'not_found']);
  });

  it('keeps tenants and their quota; absent and null are no limit', async () => {
    const made = await send('POST', '/v1/tenants', {
      name: 'Müller Söhne',
      external_id: 'c-1',
      quota: { servers: 2 },
    });
    expect(made.status).toBe(201);
    const { id } = made.body.tenant;
    expect(made.body.tenant).toMatchObject({
      status: 'active',
      quota: { servers: 2, cpus: null, ram_bytes: null, disk_bytes: null, ipv4: null },
    });
    const changed = await send('PATCH', `/v1/tenants/${id}`, {
      quota: { servers: null, ipv4: 3 },
      external_id: null,
    });
    expect(changed.body.tenant).toMatchObject({ external_id: null, quota: { servers: null, ipv4: 3 } });
    const { body } = await send('GET', `/v1/quota?tenant_id=${id}`);
    expect(body.quota).toMatchObject({ limits: { ipv4: 3, cpus: null }, used: { servers: 0, ipv4: 0 } });
    expect((await send('GET', '/v1/quota')).body.error.code).toBe('invalid_input');
  });

  it.each(['servers', 'cpus', 'ram_bytes', 'disk_bytes', 'ipv4'] as const)(
    'holds the quota of %s',
    async (resource) => {
      const world = api.world;
      const { body } = await send('POST', '/v1/tenants', { name: 'small', quota: { [resource]: 0 } });
      const order = {
        name: 'x',
        plan: world.plan.id,
        template: world.template.id,
        location: world.location.id,
        tenant_id: body.tenant.id,
      };
      const before = await api.rowCounts();
      const refused = await send('POST', '/v1/servers', order);
      expect(code(refused)).toEqual([422, 'quota_exceeded']);
      expect(refused.body.error.details).toMatchObject({ resource, limit: 0, used: 0 });
      expect(refused.body.error.details.requested).toBeGreaterThan(0);
      expect(await api.rowCounts()).toEqual(before);
    },
  );

  it('tells what waits', async () => {
    // No worker runs here: what was rung for waits, and so does its word in the outbox.
    const body = await eventually('the ring after the commit', async () => {
      const answer = await send('GET', '/v1/jobs');
      return answer.body.jobs[0].waiting > 0 && answer.body;
    });
    expect(body.jobs).toEqual([
      { name: 'operations', waiting: expect.any(Number), active: 0, delayed: 0, failed: 0 },
    ]);
    expect(body.outbox.rows).toBeGreaterThanOrEqual(body.jobs[0].waiting);
    expect((await send('GET', '/v1/drift')).body).toMatchObject({
      drift: [],
      meta: { pagination: { page: 1 } },
    });
  });
});
