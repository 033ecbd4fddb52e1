import {
  addDelivery,
  inTransaction,
  newId,
  recordEvent,
  seal,
  WebhookDeliveryEntity,
  WebhookEndpointEntity,
} from '@berth/database';
import { eventually, orderServer, WebhookReceiver, type World } from '@berth/testing';
import { Webhook } from 'standardwebhooks';
import { makeWebhook } from '../../testing/test-webhooks';
import { openBench, type TestBench } from '../../testing/test-worker';

const QUICK = [40, 60, 80, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100];
const config = { webhookAllowPrivate: ['127.0.0.0/8'], webhookRetryMs: QUICK, webhookTimeoutMs: 2000 };

let bench: TestBench;
let world: World;
let receiver: WebhookReceiver;

beforeEach(async () => {
  bench = await openBench();
  world = await bench.world();
  receiver = await new WebhookReceiver().listen();
});
afterEach(async () => {
  await bench.close();
  await receiver.close();
});

const em = () => bench.database.dataSource.manager;
const deliveries = (endpointId: string) =>
  em().find(WebhookDeliveryEntity, { where: { endpointId }, order: { eventSeq: 'ASC', createdAt: 'ASC' } });
const endpoint = (id: string) => em().findOneByOrFail(WebhookEndpointEntity, { id });

/** An event of a server's (or of nothing's) own kind, without going through an operation. */
const tell = (number: number, serverId: string | null = null, tenantId: string | null = world.tenant.id) =>
  inTransaction(bench.database.dataSource, (within) =>
    recordEvent(within, {
      type: 'usage.window_closed',
      tenantId,
      serverId,
      subject: `windows/${number}`,
      data: { number, host_id: 'h' },
    }),
  );
const numbers = (got: WebhookReceiver['received']) => got.map(({ event }) => event.data.number);
const allEnded = (endpointId: string, count: number) =>
  eventually(
    `${count} deliveries to have ended`,
    async () => {
      const made = await deliveries(endpointId);
      return made.length === count && made.every(({ status }) => status !== 'pending') ? made : null;
    },
    { timeoutMs: 30_000 },
  );

it('tells of a server’s life in order, signed as the package of Standard Webhooks verifies it', async () => {
  const hook = await makeWebhook(bench, receiver.url, { events: ['server.*', 'operation.*'] });
  await bench.worker({ config });
  const { server, operation } = await orderServer(bench.database.dataSource, world);
  await bench.ended(operation.id);
  await bench.ended(await bench.ask(server, 'stop_server', { timeout_s: 1 }));
  await bench.ended(await bench.ask(server, 'delete_server'));
  await receiver.arrived(12);
  const verifier = new Webhook(hook.secret);
  for (const { body, headers, event } of receiver.received) {
    expect(verifier.verify(body, headers as Record<string, string>)).toEqual(event);
    expect(headers['webhook-id']).toBe(event.id);
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(event).toMatchObject({
      specversion: '1.0',
      source: 'urn:berth',
      datacontenttype: 'application/json',
    });
    expect(event.data).toMatchObject({
      tenant_id: world.tenant.id,
      server_id: server.id,
      host_id: world.host.id,
    });
  }
  const types = receiver.received.map(({ event }) => event.type.replace(/^com\.berth\./, ''));
  expect(types.filter((type) => type.startsWith('server.'))).toEqual([
    'server.created',
    'server.stopped',
    'server.deleted',
  ]);
  const ofOperation = ['operation.created', 'operation.started', 'operation.succeeded'];
  expect(types.filter((type) => type.startsWith('operation.'))).toEqual([
    ...ofOperation,
    ...ofOperation,
    ...ofOperation,
  ]);
  const sequences = receiver.received.map(({ event }) => event.sequence);
  expect(sequences).toEqual([...sequences].sort());
});

it('holds back what follows until the one before is taken, and only of that server', async () => {
  const [broken, fine] = [newId(), newId()];
  let closed = true;
  receiver.reply = ({ event }) => (event.data.server_id === broken && closed ? 500 : 200);
  const hook = await makeWebhook(bench, receiver.url);
  await bench.worker({ config });
  for (const number of [1, 2, 3]) {
    await tell(number, broken);
    await tell(number + 10, fine);
  }
  await eventually('the other server’s', () => receiver.taken.length === 3);
  await eventually('tries again', () => receiver.received.length >= 5);
  expect(numbers(receiver.received.filter(({ status }) => status === 500))).not.toContain(2);
  closed = false;
  const made = await allEnded(hook.id, 6);
  expect(made.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'delivered'));
  const taken = (serverId: string) =>
    numbers(receiver.taken.filter(({ event }) => event.data.server_id === serverId));
  expect(taken(broken)).toEqual([1, 2, 3]);
  expect(taken(fine)).toEqual([11, 12, 13]);
  expect(made[0]!.attempts).toBeGreaterThan(1);
});

it('gives up after the last try, says why, and goes on with the next', async () => {
  receiver.reply = ({ event }) => (event.data.number === 1 ? 500 : 200);
  const hook = await makeWebhook(bench, receiver.url);
  await bench.worker({ config: { ...config, webhookRetryMs: [30, 30] } });
  const server = newId();
  await tell(1, server);
  await tell(2, server);
  const [first, second] = await allEnded(hook.id, 2);
  expect(first).toMatchObject({
    status: 'failed',
    attempts: 3,
    responseStatus: 500,
    responseBody: 'answer 500',
    error: 'the receiver answered 500',
    nextAttemptAt: null,
  });
  expect(second).toMatchObject({ status: 'delivered', attempts: 1, error: null });
  expect(numbers(receiver.received)).toEqual([1, 1, 1, 2]);
  expect(await em().query('SELECT * FROM webhook_lanes')).toEqual([]);
});

it('does not skip an event whose transaction commits after a later one’s', async () => {
  const hook = await makeWebhook(bench, receiver.url);
  await bench.worker({ config });
  const server = newId();
  const runner = bench.database.dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(`SELECT record_event('usage.window_closed', $1, $2, 'windows/1', '{"number":1}')`, [
    world.tenant.id,
    server,
  ]);
  await tell(2, server);
  const seen = `SELECT seen_to > dispatched_to AS waits FROM event_dispatch`;
  await eventually('the later one to be seen', async () => (await em().query(seen))[0].waits as boolean);
  expect(await deliveries(hook.id)).toEqual([]);
  await runner.commitTransaction();
  await runner.release();
  await receiver.arrived(2);
  expect(numbers(receiver.received)).toEqual([1, 2]);
});

it('410 disables the endpoint and cancels what is pending', async () => {
  receiver.reply = () => 410;
  const hook = await makeWebhook(bench, receiver.url);
  const server = newId();
  for (const number of [1, 2, 3]) await tell(number, server);
  await bench.worker({ config });
  const made = await allEnded(hook.id, 3);
  expect(made.map(({ status }) => status)).toEqual(['failed', 'cancelled', 'cancelled']);
  expect(await endpoint(hook.id)).toMatchObject({
    enabled: false,
    disabledReason: 'the receiver answered 410 Gone',
  });
  await tell(4, server);
  const other = await makeWebhook(bench, receiver.url, { events: ['usage.window_closed'] });
  await tell(5, server);
  await allEnded(other.id, 1);
  expect(await deliveries(hook.id)).toHaveLength(3);
  expect(numbers(receiver.received)).toEqual([1, 5]);
});

it('does not follow redirects, and heeds Retry-After for the whole endpoint', async () => {
  const trap = await new WebhookReceiver().listen();
  receiver.reply = (_got, response) => {
    response.setHeader('location', trap.url);
    return 307;
  };
  const redirected = await makeWebhook(bench, receiver.url);
  await bench.worker({ config: { ...config, webhookRetryMs: [20] } });
  await tell(1);
  expect(await allEnded(redirected.id, 1)).toMatchObject([
    { status: 'failed', attempts: 2, responseStatus: 307 },
  ]);
  expect(trap.received).toEqual([]);
  receiver.reply = () => 200;
  trap.reply = (_got, response) => {
    response.setHeader('retry-after', '3600');
    return 429;
  };
  const busy = await makeWebhook(bench, trap.url);
  await tell(2, newId());
  await eventually('a pause', async () => {
    const [row] = await em().query(
      'SELECT paused_until > now() AS paused FROM webhook_endpoints WHERE id = $1',
      [busy.id],
    );
    return row.paused as boolean;
  });
  await tell(3, newId());
  await eventually('the other endpoint’s', async () => (await allEnded(redirected.id, 3)).length === 3);
  expect(numbers(trap.received)).toEqual([2]);
  const [held] = await deliveries(busy.id);
  expect(held!.nextAttemptAt!.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  await trap.close();
});

it('signs with the secret before as well, until its time is over', async () => {
  const hook = await makeWebhook(bench, receiver.url);
  const next = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  await em().query(
    `UPDATE webhook_endpoints SET previous_secret_sealed = secret_sealed, previous_secret_until = now() + interval '1 hour',
            secret_sealed = $2 WHERE id = $1`,
    [hook.id, await seal(bench.keys.publicKey, next)],
  );
  await bench.worker({ config });
  await tell(1);
  await receiver.arrived(1);
  const verifies = (secret: string, at: number) => {
    const { body, headers } = receiver.received[at]!;
    return () => new Webhook(secret).verify(body, headers as Record<string, string>);
  };
  expect(verifies(hook.secret, 0)).not.toThrow();
  expect(verifies(next, 0)).not.toThrow();
  await em().query(`UPDATE webhook_endpoints SET previous_secret_until = now() - interval '1 s'`);
  await tell(2);
  await receiver.arrived(2);
  expect(verifies(hook.secret, 1)).toThrow();
  expect(verifies(next, 1)).not.toThrow();
});

it('connects to nothing that is not public, and does not tell what is there', async () => {
  const hook = await makeWebhook(bench, receiver.url);
  const named = await makeWebhook(bench, `http://localhost:${receiver.port}/`);
  await bench.worker({ config: { ...config, webhookAllowPrivate: [], webhookRetryMs: [] } });
  await tell(1);
  const [refused] = await allEnded(hook.id, 1);
  expect(refused).toMatchObject({ status: 'failed', responseStatus: null });
  expect(refused!.error).toBe('127.0.0.1 has no address that webhooks may be sent to');
  expect(await allEnded(named.id, 1)).toMatchObject([{ status: 'failed', responseStatus: null }]);
  expect(receiver.received).toEqual([]);
});

it('gives each its own: types, tenants, and hosts to operators only', async () => {
  const other = await bench.world({ cidr: '10.201.0.0/16' });
  const mine = await makeWebhook(bench, `${receiver.url}?mine`, { tenantId: world.tenant.id });
  const typed = await makeWebhook(bench, `${receiver.url}?typed`, { events: ['server.*', 'quota.warning'] });
  const billing = await makeWebhook(bench, `${receiver.url}?billing`, { audience: 'billing' });
  const all = await makeWebhook(bench, `${receiver.url}?all`);
  await bench.worker({ config });
  await tell(1);
  await tell(2, null, other.tenant.id);
  await tell(3, null, null);
  expect(await allEnded(all.id, 3)).toHaveLength(3);
  const hosts = async (id: string) => {
    const ids = (await deliveries(id)).map(({ eventId }) => eventId);
    await eventually('to be taken', () =>
      ids.every((event) => receiver.taken.some((got) => got.event.id === event)),
    );
    return ids.length;
  };
  expect([await hosts(mine.id), await hosts(typed.id), await hosts(billing.id)]).toEqual([1, 0, 2]);
  const withHost = receiver.received.filter(({ event }) => 'host_id' in event.data);
  expect(withHost).toHaveLength(3);
  expect(receiver.received).toHaveLength(6);
});

it('sends one again beside the order, and forgets events after 30 days', async () => {
  const hook = await makeWebhook(bench, receiver.url);
  await bench.worker({ config });
  const eventId = await tell(1);
  const [first] = await allEnded(hook.id, 1);
  await inTransaction(bench.database.dataSource, (within) =>
    addDelivery(within, { endpointId: hook.id, eventId, redeliveryOf: first!.id }),
  );
  await allEnded(hook.id, 2);
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([eventId, eventId]);
  await tell(2);
  await allEnded(hook.id, 3);
  await em().query(`UPDATE events SET at = at - interval '31 days' WHERE id = $1`, [eventId]);
  await bench.worker({ config });
  await eventually('the old one to be gone', async () => (await deliveries(hook.id)).length === 1);
  expect(await em().query('SELECT id FROM events WHERE id = $1', [eventId])).toEqual([]);
});
