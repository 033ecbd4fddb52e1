import { inTransaction, newId, recordEvent, TenantEntity, unseal } from '@berth/database';
import { noQuota } from '../tenants/tenant-quota';
import { startTestApi, type TestAnswer, type TestApi } from '../testing/test-api';

const URL = 'https://hooks.example.com/berth';

describe('webhooks', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const make = (body: object = {}, token?: string) =>
    api.request('POST', '/v1/webhooks', { token, body: { url: URL, ...body } });
  const code = ({ status, body }: TestAnswer) => [status, body.error?.code];
  const sealedSecrets = async (id: string): Promise<{ now: string; before: string | null }> =>
    (
      await api.database.dataSource.query(
        'SELECT secret_sealed AS now, previous_secret_sealed AS before FROM webhook_endpoints WHERE id = $1',
        [id],
      )
    )[0];
  /** As if the dispatcher had made it and it had come to this end. */
  const deliver = async (webhookId: string, status: string, finished = true): Promise<string> => {
    const eventId = await recordEvent(api.database.dataSource.manager, {
      type: 'usage.window_closed',
      tenantId: api.world.tenant.id,
      subject: 'windows/1',
      data: {},
    });
    const [row] = await api.database.dataSource.query(
      `INSERT INTO webhook_deliveries (endpoint_id, event_id, event_seq, lane, status, attempts, finished_at)
       SELECT $1, id, seq, id, $2, 1, CASE WHEN $3 THEN now() END FROM events WHERE id = $4 RETURNING id`,
      [webhookId, status, finished, eventId],
    );
    return row.id;
  };

  it('makes one, shows its secret once, and keeps it so that only workers can read it', async () => {
    const key = { 'idempotency-key': 'hook-1' };
    const body = { url: URL, events: ['server.*', 'quota.warning'], description: 'billing bridge' };
    const made = await api.request('POST', '/v1/webhooks', { body, headers: key });
    expect(made.status).toBe(201);
    expect(made.body.webhook).toMatchObject({
      ...body,
      events: ['quota.warning', 'server.*'],
      enabled: true,
      tenant_id: api.world.tenant.id,
      disabled_reason: null,
      previous_secret_until: null,
    });
    const { secret } = made.body;
    expect(Buffer.from(/^whsec_(.*)$/.exec(secret)![1]!, 'base64')).toHaveLength(32);
    const { id } = made.body.webhook;
    expect(await unseal(api.keys, (await sealedSecrets(id)).now)).toBe(secret);
    const again = await api.request('POST', '/v1/webhooks', { body, headers: key });
    expect(again.body).toEqual({ webhook: made.body.webhook });
    const shown = await api.request('GET', `/v1/webhooks/${id}`);
    expect(shown.body).toEqual({ webhook: made.body.webhook });
    const list = await api.request('GET', '/v1/webhooks');
    expect(list.body.webhooks).toEqual([made.body.webhook]);
    const kept = await api.database.dataSource.query(
      'SELECT * FROM audit_events, idempotency_keys, webhook_endpoints',
    );
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  it.each([
    [{ url: 'http://127.0.0.1/' }, 'url'],
    [{ url: 'http://169.254.169.254/latest/meta-data' }, 'url'],
    [{ url: 'http://[::ffff:10.0.0.1]/' }, 'url'],
    [{ url: 'http://0x7f000001/' }, 'url'],
    [{ url: 'https://user:secret@example.com/' }, 'url'],
    [{ url: 'ftp://example.com/' }, 'url'],
    [{ url: '' }, 'url'],
    [{ url: 7 }, 'url'],
    [{ url: `https://example.com/${'a'.repeat(2000)}` }, 'url'],
    [{ events: [] }, 'events'],
    [{ events: ['server.exploded'] }, 'events.0'],
    [{ events: ['server.created', 'toString'] }, 'events.1'],
    [{ events: 'server.*' }, 'events'],
    [{ secret: 'whsec_mine' }, 'secret'],
    [{ description: '$(reboot)' }, 'description'],
    [{ tenant_id: 'x' }, 'tenant_id'],
  ])('refuses %j', async (body, field) => {
    const before = await api.rowCounts();
    const refused = await make(body);
    expect(code(refused)).toEqual([400, 'invalid_input']);
    expect(refused.body.error.details.fields[0].name).toBe(field);
    expect(await api.rowCounts()).toEqual(before);
  });

  it('changes one, with the same checks', async () => {
    const { id } = (await make()).body.webhook;
    const url = 'https://other.example.com/';
    const changed = await api.request('PATCH', `/v1/webhooks/${id}`, {
      body: { url, events: ['*'], enabled: false },
    });
    expect(changed.body.webhook).toMatchObject({ url, events: ['*'], enabled: false });
    const refused = await api.request('PATCH', `/v1/webhooks/${id}`, { body: { url: 'http://10.0.0.1/' } });
    expect(code(refused)).toEqual([400, 'invalid_input']);
    expect((await api.request('DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
    expect(code(await api.request('GET', `/v1/webhooks/${id}`))).toEqual([404, 'not_found']);
  });

  it('rotates its secret: the one before is kept for a day, an older one is not', async () => {
    const made = (await make()).body;
    const path = `/v1/webhooks/${made.webhook.id}`;
    const first = await api.request('POST', `${path}/actions/rotate_secret`);
    expect(first.body.secret).not.toBe(made.secret);
    const until = Date.parse(first.body.webhook.previous_secret_until) - Date.now();
    expect(Math.abs(until - 24 * 3_600_000)).toBeLessThan(60_000);
    const opened = async () => {
      const { now, before } = await sealedSecrets(made.webhook.id);
      return [await unseal(api.keys, now), await unseal(api.keys, before!)];
    };
    expect(await opened()).toEqual([first.body.secret, made.secret]);
    const second = await api.request('POST', `${path}/actions/rotate_secret`);
    expect(await opened()).toEqual([second.body.secret, first.body.secret]);
  });

  it('lists deliveries, sends one again, and not while it is under way or the webhook disabled', async () => {
    const { id } = (await make()).body.webhook;
    const failed = await deliver(id, 'failed');
    const pending = await deliver(id, 'pending', false);
    const path = `/v1/webhooks/${id}`;
    const shown = await api.request('GET', `${path}/deliveries?status=failed`);
    expect(shown.body.webhook_deliveries).toMatchObject([
      { id: failed, webhook_id: id, status: 'failed', attempts: 1, event: { type: 'usage.window_closed' } },
    ]);
    const redeliver = (delivery: string) =>
      api.request('POST', `/v1/webhook_deliveries/${delivery}/actions/redeliver`);
    expect(code(await redeliver(pending))).toEqual([409, 'conflict']);
    const again = await redeliver(failed);
    expect(again.status).toBe(202);
    expect(again.body.webhook_delivery).toMatchObject({
      status: 'pending',
      attempts: 0,
      redelivery_of: failed,
      event: shown.body.webhook_deliveries[0].event,
    });
    const lanes = 'SELECT due_at <= now() AS due FROM webhook_lanes WHERE endpoint_id = $1';
    expect(await api.database.dataSource.query(lanes, [id])).toEqual([{ due: true }]);
    await api.request('PATCH', path, { body: { enabled: false } });
    expect(await api.database.dataSource.query(lanes, [id])).toEqual([]);
    const cancelled = await api.request('GET', `${path}/deliveries?status=cancelled`);
    expect(cancelled.body.meta.pagination.total_entries).toBe(2);
    expect(code(await redeliver(failed))).toEqual([409, 'conflict']);
    expect(code(await api.request('POST', `${path}/actions/test`))).toEqual([409, 'conflict']);
    await api.request('PATCH', path, { body: { enabled: true } });
    const test = await api.request('POST', `${path}/actions/test`);
    expect(test.body.webhook_delivery).toMatchObject({ status: 'pending', event: { type: 'webhook.test' } });
  });

  it("gives billing all tenants', and hides operators' from it", async () => {
    const { billing, operator } = api.tokens;
    const ofBilling = await make({}, billing);
    expect(ofBilling.body.webhook.tenant_id).toBeNull();
    const ofTenant = await make({ tenant_id: api.world.tenant.id }, billing);
    expect(ofTenant.body.webhook.tenant_id).toBe(api.world.tenant.id);
    const ofOperator = await make({}, operator);
    const get = (made: TestAnswer, token?: string) =>
      api.request('GET', `/v1/webhooks/${made.body.webhook.id}`, { token });
    const seen = async (token?: string) =>
      (await Promise.all([ofTenant, ofBilling, ofOperator].map((made) => get(made, token)))).map(
        ({ status }) => status,
      );
    expect(await seen()).toEqual([200, 404, 404]);
    expect(await seen(billing)).toEqual([200, 200, 404]);
    expect(await seen(operator)).toEqual([200, 200, 200]);
    const listed = await api.request('GET', '/v1/webhooks?per_page=100', { token: billing });
    expect(JSON.stringify(listed.body)).not.toContain(ofOperator.body.webhook.id);
    expect(code(await make({ tenant_id: newId() }, billing))).toEqual([404, 'not_found']);
  });

  it('lets a tenant have so many and no more, also at once', async () => {
    const em = api.database.dataSource.manager;
    const tenant = { id: newId(), name: 'many', externalId: null, status: 'active' as const, ...noQuota };
    await em.save(em.create(TenantEntity, tenant));
    const token = await api.makeToken('customer', tenant.id);
    const answers = await Promise.all(Array.from({ length: 53 }, () => make({}, token)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(3);
  });

  it('tells of a quota that is nearly used up once, and once more when it is', async () => {
    const { tenant } = api.world;
    const use = (servers: number) =>
      inTransaction(api.database.dataSource, (em) =>
        em.query('UPDATE tenants SET quota_servers = 10, used_servers = $2 WHERE id = $1', [
          tenant.id,
          servers,
        ]),
      );
    const warnings = async () =>
      (
        await api.database.dataSource.query(
          `SELECT data FROM events WHERE type = 'quota.warning' AND tenant_id = $1 ORDER BY seq`,
          [tenant.id],
        )
      ).map(({ data }: { data: unknown }) => data);
    for (const servers of [7, 8, 9, 10, 9, 10]) await use(servers);
    const of = (threshold: number, used: number) => ({
      resource: 'servers',
      threshold_percent: threshold,
      used,
      limit: 10,
    });
    expect(await warnings()).toEqual([of(80, 8), of(100, 10), of(100, 10)]);
    await use(0);
  });
});
