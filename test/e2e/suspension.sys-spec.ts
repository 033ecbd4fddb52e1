import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StackUnderTest } from '@berth/stack';
import { eventually } from '@berth/testing';
import { BerthClient, type OperationView, type ServerView } from './berth-client';
import { addressOf, pings } from './outside';

jest.setTimeout(180_000);

interface TenantAnswer {
  tenant: { status: string };
  operations: string[];
}

/** What a billing system does to a customer's servers, through HTTP alone, on a lab host. */
describe('billing', () => {
  const dir = mkdtempSync(join(process.env.BERTH_TEST_RUN_DIR ?? tmpdir(), 'suspension-'));
  const stack = new StackUnderTest(join(dir, 'stack'));
  let customer: BerthClient;
  let billing: BerthClient;
  let server: ServerView;

  beforeAll(async () => {
    const { code, output } = await stack.command('start', '--detach', '--no-demo', '--hosts', '1');
    if (code !== 0) throw new Error(output);
    const { apiUrl, tokens } = stack.content();
    customer = new BerthClient(apiUrl, tokens.customer);
    billing = new BerthClient(apiUrl, tokens.billing);
    server = (await customer.running({ name: 'unpaid' })).server;
  });
  afterAll(async () => {
    await stack.command('stop');
    rmSync(dir, { recursive: true, force: true });
  });

  const up = () => pings(addressOf(server));
  const statusOf = async () => (await billing.server(server.id)).status;

  it.each(['stop', 'network'])('suspends by %s, twice, and lets go, twice', async (policy) => {
    for (let turn = 0; turn < 2; turn++)
      await billing.act(server.id, 'suspend', { policy, reason: 'unpaid' });
    expect([await statusOf(), await up()]).toEqual(['suspended', false]);
    const refused = await customer.call('POST', `/v1/servers/${server.id}/actions/start`, {});
    expect(refused.status).toBe(409);
    for (let turn = 0; turn < 2; turn++) await billing.act(server.id, 'unsuspend');
    expect(await statusOf()).toBe('running');
    await eventually('it answers', up, { timeoutMs: 20_000 });
  });

  it('resizes what it has suspended, and the customer finds it so', async () => {
    await billing.act(server.id, 'suspend');
    const ram = 96 * 1024 ** 2;
    await billing.act(server.id, 'resize', { limits: { ram_bytes: ram } });
    expect(await statusOf()).toBe('suspended');
    await billing.act(server.id, 'unsuspend');
    const { stdout } = await customer.exec(server.id, ['cat', '/proc/meminfo']);
    expect(/^MemTotal: +(\d+) kB$/m.exec(stdout)?.[1]).toBe(String(ram / 1024));
  });

  it('suspends and terminates a tenant with its servers, and nothing of them is left', async () => {
    const { tenantId } = stack.content();
    const ofTenant = (verb: string, body: object = {}) =>
      billing.ask<TenantAnswer>('POST', `/v1/tenants/${tenantId}/actions/${verb}`, body);
    const { operations } = await ofTenant('suspend', { reason: 'unpaid' });
    for (const id of operations) await billing.done(id);
    expect([await statusOf(), await up()]).toEqual(['suspended', false]);
    expect((await customer.call('GET', '/v1/servers')).status).toBe(200);
    for (const id of (await ofTenant('unsuspend')).operations) await billing.done(id);
    expect(await statusOf()).toBe('running');

    expect((await ofTenant('terminate', { grace_hours: 0 })).tenant.status).toBe('terminated');
    await eventually(
      'its end',
      async () => (await billing.call('GET', `/v1/servers/${server.id}`)).status === 404,
      {
        timeoutMs: 60_000,
        intervalMs: 100,
      },
    );
    expect(await up()).toBe(false);
    expect((await customer.call('GET', '/v1/servers')).status).toBe(403);
    const { operations: done } = await billing.ask<{ operations: OperationView[] }>('GET', '/v1/operations');
    expect(done.filter(({ status }) => !['succeeded', 'cancelled'].includes(status))).toEqual([]);
  });
});
