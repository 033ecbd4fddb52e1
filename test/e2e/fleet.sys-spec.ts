import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackUnderTest } from '@berth/stack';
import { eventually } from '@berth/testing';
import { Redis } from 'ioredis';
import { BerthClient, type Ordered, type OperationView } from './berth-client';

jest.setTimeout(300_000);

const GIB = 1024 ** 3;

/** Many orders at once, through HTTP, on simulated hosts: what one machine can't show with real ones. */
describe('a fleet of simulated hosts', () => {
  const dir = mkdtempSync(join(process.env.BERTH_TEST_RUN_DIR ?? tmpdir(), 'fleet-'));
  const stack = new StackUnderTest(join(dir, 'stack'));
  let operator: BerthClient;
  let billing: BerthClient;
  const host = { address: '192.0.2.10', port: 22, user: 'root', driver: 'simulated' };
  const capacity = { cpus: 10_000, ram_bytes: 10_000 * GIB, disk_bytes: 100_000 * GIB };

  beforeAll(async () => {
    const { code, output } = await stack.command('start', '--detach', '--no-demo', '--hosts', '1');
    if (code !== 0) throw new Error(output);
    const { apiUrl, tokens } = stack.content();
    operator = new BerthClient(apiUrl, tokens.operator);
    billing = new BerthClient(apiUrl, tokens.billing);
  });
  afterAll(async () => {
    await stack.command('stop');
    rmSync(dir, { recursive: true, force: true });
  });

  /** A location with hosts and a pool of its own; the network says how many servers it can hold. */
  async function location(name: string, cidr: string, hosts: number): Promise<void> {
    await operator.ask('POST', '/v1/locations', { name });
    await operator.ask('POST', '/v1/ip_pools', { cidr, location: name, family: 4 });
    for (let n = 0; n < hosts; n++) {
      const { operation } = await operator.ask<{ operation: OperationView }>('POST', '/v1/hosts', {
        ...host,
        name: `${name}-${n}`,
        location: name,
        capacity,
      });
      await operator.done(operation.id);
    }
  }

  async function tenant(name: string): Promise<string> {
    const quota = { servers: 5000, cpus: 5000, ram_bytes: 5000 * GIB, disk_bytes: 50_000 * GIB, ipv4: 5000 };
    return (
      await billing.ask<{ tenant: { id: string } }>('POST', '/v1/tenants', { name, external_id: name, quota })
    ).tenant.id;
  }

  const order = (tenantId: string, at: string, n: number) => ({
    name: `${at}-${n}`,
    tenant_id: tenantId,
    location: at,
    plan: 'nano',
    template: 'busybox',
    ipv6: 0,
  });

  it('1,000 orders at once for 100 addresses: 100 servers, 900 clean refusals, nothing twice, nothing unfinished', async () => {
    // A /25 has 126 usable addresses; 26 are taken beforehand.
    await location('scarce', '10.50.0.0/25', 5);
    const tenantId = await tenant('crowd');
    for (let n = 0; n < 26; n++)
      await billing.ask('POST', '/v1/servers', order(tenantId, 'scarce', 10_000 + n));
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        billing.call<Ordered & { error?: { code: string } }>(
          'POST',
          '/v1/servers',
          order(tenantId, 'scarce', n),
        ),
      ),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted).toHaveLength(100);
    const refused = answers
      .filter(({ status }) => status !== 202)
      .map(({ status, body }) => `${status} ${body.error?.code}`);
    expect(new Set(refused)).toEqual(new Set(['503 no_capacity']));
    expect(refused).toHaveLength(900);
    const addresses = accepted.map(({ body }) => body.server.addresses[0]!.address);
    expect(new Set(addresses).size).toBe(100);
    for (const { body } of accepted) await operator.done(body.operation.id, 120_000);
    for (const status of ['pending', 'running', 'failed']) {
      const { body } = await operator.call<{ meta: { pagination: { total_entries: number } } }>(
        'GET',
        `/v1/operations?status=${status}`,
      );
      expect([status, body.meta.pagination.total_entries]).toEqual([status, 0]);
    }
  });

  it('a wiped Redis in the middle of 50 orders: all 50 end', async () => {
    await location('wiped', '10.51.0.0/24', 3);
    const tenantId = await tenant('wiped');
    const redis = new Redis(stack.content().redisUrl, { maxRetriesPerRequest: null });
    try {
      const orders: Ordered[] = [];
      const placing = Promise.all(
        Array.from({ length: 50 }, async (_, n) =>
          orders.push(await billing.ask<Ordered>('POST', '/v1/servers', order(tenantId, 'wiped', n))),
        ),
      );
      await eventually('some orders taken, not all', () => orders.length > 5, { intervalMs: 1 });
      await redis.flushall();
      await placing;
      await redis.flushall();
      for (const { operation } of orders) await operator.done(operation.id, 120_000);
      expect(orders).toHaveLength(50);
    } finally {
      redis.disconnect();
    }
  });

  it('a killed API and a killed worker in the middle of 50 orders: what was accepted ends, once', async () => {
    await location('killed', '10.52.0.0/24', 3);
    const tenantId = await tenant('killed');
    const place = (n: number) =>
      // Accepted or not is unknown where the connection breaks: the same key asks again, and gets the same server.
      eventually(
        `order ${n} accepted`,
        async () => {
          const answer = await billing.call<Ordered>('POST', '/v1/servers', order(tenantId, 'killed', n), {
            'idempotency-key': `order-${n}`,
          });
          return answer.status === 202 ? answer.body : null;
        },
        { timeoutMs: 60_000, intervalMs: 200 },
      );
    const placing = Promise.all(Array.from({ length: 50 }, (_, n) => place(n)));
    for (const role of ['worker', 'api'] as const) process.kill(stack.content().pids[role][0]!, 'SIGKILL');
    const orders = await placing;
    for (const { operation } of orders) {
      await eventually(
        'the API',
        () => operator.call('GET', '/v1/plans').then(({ status }) => status === 200),
        { timeoutMs: 30_000 },
      );
      await operator.done(operation.id, 120_000);
    }
    expect(new Set(orders.map(({ server }) => server.id)).size).toBe(50);
    const { body } = await operator.call<{ meta: { pagination: { total_entries: number } } }>(
      'GET',
      `/v1/servers?tenant_id=${tenantId}`,
    );
    expect(body.meta.pagination.total_entries).toBe(50);
  });
});
