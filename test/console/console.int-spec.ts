import { createHash, randomBytes } from 'node:crypto';
import { AuditEventEntity, type ServerEntity } from '@berth/database';
import { eventually } from '@berth/testing';
import { Redis } from 'ioredis';
import { SimulatedPlatform } from '../chaos/simulated-platform';
import type { BerthClient } from '../e2e/berth-client';
import type { ApiUnderTest } from '../resources/api-under-test';
import { type ConsoleTicket, TestConsole } from './test-console';

jest.setTimeout(120_000);

let platform: SimulatedPlatform;
let api: ApiUnderTest;
let customer: BerthClient;
let server: ServerEntity;
const open: TestConsole[] = [];

beforeAll(async () => {
  platform = await SimulatedPlatform.open({ cidr: '10.94.0.0/24' });
  await platform.worker();
  api = await platform.api();
  customer = await api.client('customer', platform.world.tenant.id);
});
afterAll(async () => {
  await api.close();
  await platform.close();
});
beforeEach(async () => {
  const { server: ordered, operationId } = await platform.order();
  expect(await platform.ended(operationId)).toMatchObject({ status: 'succeeded' });
  server = await platform.server(ordered.id);
});
afterEach(() => {
  for (const one of open.splice(0)) one.socket.terminate();
});

const opened = async (client = customer, query = '') => {
  const console = await TestConsole.opened(client, server.id, query);
  open.push(console);
  return console;
};
const ticket = (client = customer) =>
  client.ask<ConsoleTicket>('POST', `/v1/servers/${server.id}/console_tickets`);
const audited = (action: string) =>
  platform.database.dataSource.manager.findOneBy(AuditEventEntity, { action, targetId: server.id });

describe('a console', () => {
  it('shows what is typed and what comes of it, in UTF-8 whatever the frames', async () => {
    const console = await opened();
    const letters = Buffer.from('echo grüße € 𝄞\r');
    for (const byte of letters) console.type(Buffer.from([byte]));
    await console.shows(/\r\n.*\r\n# $/s);
    expect(console.bytes.toString()).toContain('\r\ngrüße € 𝄞\r\n');
  });

  it('has the size it was opened with, and takes another', async () => {
    const console = await opened(customer, '&columns=132&rows=43');
    expect(console.messages).toContainEqual({ type: 'opened', columns: 132, rows: 43 });
    await console.run('stty size', /\n43 132\r\n/);
    console.say({ type: 'resize', columns: 90, rows: 30 });
    await console.run('stty size', /\n30 90\r\n/);
    console.say({ type: 'ping' });
    await console.hears('pong');
  });

  it('types a megabyte, whole and in order', async () => {
    const console = await opened();
    const pasted = randomBytes(1_000_000);
    await console.run(`head -c ${pasted.length} | sha256sum`, /\n/);
    console.type(pasted);
    const sum = createHash('sha256').update(pasted).digest('hex');
    await console.shows(new RegExp(sum), 60_000);
  });

  it('takes one frame of a megabyte, and none larger', async () => {
    const console = await opened();
    const frame = Buffer.alloc(1024 ** 2, 'x');
    await console.run(`head -c ${frame.length} | sha256sum`, /\n/);
    console.socket.send(frame);
    await console.shows(new RegExp(createHash('sha256').update(frame).digest('hex')));
    console.socket.send(Buffer.alloc(1024 ** 2 + 1));
    expect((await console.closes()).code).toBe(1009);
  });

  it('tells in the audit who had it for how long and how much went, not what', async () => {
    const console = await opened();
    await console.run('echo secret', /\nsecret\r\n/);
    console.close();
    const closed = await eventually('the end in the audit', () => audited('server.console_closed'));
    expect(closed).toMatchObject({ role: 'customer', tenantId: platform.world.tenant.id });
    expect(closed.details).toEqual({
      reason: 'the client has closed it',
      code: 1005,
      duration_s: expect.any(Number),
      bytes_in: 'echo secret\r'.length,
      bytes_out: expect.any(Number),
    });
    expect(closed.details.bytes_out).toBeGreaterThan(10);
    expect(await audited('server.console_opened')).toMatchObject({ actor: closed.actor, details: {} });
  });

  it('ends with its shell', async () => {
    const console = await opened();
    console.type('exit\r');
    expect(await console.closes()).toEqual({ code: 1000, reason: 'the shell has ended' });
    expect(await console.hears('closing')).toEqual({ type: 'closing', reason: 'the shell has ended' });
  });

  it('is refused for a text frame that says nothing', async () => {
    const console = await opened();
    console.socket.send('resize, please');
    expect((await console.closes()).code).toBe(4400);
  });
});

describe('a slow client', () => {
  const streams = async () => {
    const redis = new Redis(process.env.BERTH_TEST_REDIS_URL!);
    try {
      const keys = await redis.keys(`${platform.queuePrefix}.console.to.*`);
      const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key)));
      return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    } finally {
      redis.disconnect();
    }
  };

  it('holds up the program that prints, and nothing piles up; Ctrl-C still arrives', async () => {
    const console = await opened();
    console.type('yes\r');
    await console.shows(/y\r\ny\r\n/);
    console.socket.pause();
    const before = process.memoryUsage();
    let last = -1;
    // Flowing for ever would never come to rest.
    await eventually(
      'the flood at a stand',
      async () => {
        const { bytesRead } = rawSocket(console);
        const [buffered, stood] = [await streams(), last === bytesRead];
        last = bytesRead;
        return stood && buffered < 1024 ** 2;
      },
      { intervalMs: 500 },
    );
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(100 * 1024 ** 2);
    expect(await streams()).toBeLessThan(1024 ** 2);
    console.socket.resume();
    console.type('\x03');
    await console.shows(/\^C\r\n# $/);
  });
});

describe('tickets', () => {
  it('is for one WebSocket, this server, within its time', async () => {
    const { websocket_path: path, expires_at: expires } = await ticket();
    expect(Date.parse(expires) - Date.now()).toBeLessThanOrEqual(30_000);
    open.push(await TestConsole.to(customer.origin + path));
    await expect(TestConsole.to(customer.origin + path)).rejects.toThrow(/^401 .*unauthorized/);
    const { operationId, server: other } = await platform.order();
    await platform.ended(operationId);
    const foreign = (await ticket()).websocket_path.replace(server.id, other.id);
    await expect(TestConsole.to(customer.origin + foreign)).rejects.toThrow(/^404 /);
    await expect(TestConsole.to(`${customer.origin}/v1/servers/${server.id}/console`)).rejects.toThrow(
      /^401 /,
    );
  });

  it('lets one of many in who come with it at once', async () => {
    const { websocket_path: path } = await ticket();
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => TestConsole.to(customer.origin + path)),
    );
    const consoles = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    open.push(...consoles);
    expect(consoles).toHaveLength(1);
  });

  it('is refused to pages of another origin, and lets our own in', async () => {
    const foreign = customer.origin + (await ticket()).websocket_path;
    await expect(TestConsole.to(foreign, { origin: 'https://evil.example' })).rejects.toThrow(
      /^403 .*forbidden/,
    );
    // It was not used up by that.
    open.push(await TestConsole.to(foreign, { origin: customer.origin }));
  });

  it('needs a running server', async () => {
    await customer.act(server.id, 'stop');
    const stopped = await customer.call('POST', `/v1/servers/${server.id}/console_tickets`);
    expect(stopped).toMatchObject({
      status: 409,
      body: { error: { code: 'conflict', details: { status: 'stopped' } } },
    });
  });

  it('answers 426 to what is no upgrade', async () => {
    const plain = await customer.call('GET', `/v1/servers/${server.id}/console`);
    expect(plain).toMatchObject({ status: 426, body: { error: { code: 'upgrade_required' } } });
  });
});

it('has five at a time, and a place again when one has gone', async () => {
  const consoles = await Promise.all(Array.from({ length: 5 }, () => opened()));
  const refused = await customer.call('POST', `/v1/servers/${server.id}/console_tickets`);
  expect(refused).toMatchObject({ status: 429, body: { error: { details: { limit: 5 } } } });
  consoles[0]!.close();
  await eventually('a free place', () => ticket());
});

it('ends when its token is revoked, and when its server is suspended or deleted', async () => {
  const [revoked, suspended] = [await api.client('customer', platform.world.tenant.id), customer];
  const first = await opened(revoked);
  await platform.database.dataSource.query(
    `UPDATE tokens SET revoked_at = now() WHERE id = (SELECT actor::uuid FROM audit_events
       WHERE action = 'server.console_opened' AND target_id = $1)`,
    [server.id],
  );
  expect((await first.closes()).code).toBe(4401);
  const second = await opened(suspended);
  const billing = await api.client('billing');
  await billing.act(server.id, 'suspend', { reason: 'unpaid' });
  expect((await second.closes()).code).toBe(4403);
  await billing.act(server.id, 'unsuspend');
  const third = await opened();
  await platform.ended(await platform.ask(server, 'delete_server'));
  expect((await third.closes()).code).toBe(4404);
});

it('of a browser ends when it signs out, and until then keeps its session in use', async () => {
  const { dataSource } = platform.database;
  const signIn = await customer.call<{ session: { csrf_token: string } }>('POST', '/v1/session', {
    token: customer.token,
  });
  expect(signIn.status).toBe(201);
  const headers = {
    authorization: '',
    cookie: signIn.headers.getSetCookie()[0]!.split(';')[0]!,
    'x-csrf-token': signIn.body.session.csrf_token,
    'sec-fetch-site': 'same-origin',
  };
  const path = `/v1/servers/${server.id}/console_tickets`;
  const { status, body } = await customer.call<ConsoleTicket>('POST', path, {}, headers);
  expect(status).toBe(201);
  const console = await TestConsole.to(customer.origin + body.websocket_path);
  open.push(console);
  await console.hears('opened');
  const used = async (): Promise<boolean> =>
    (await dataSource.query(`SELECT last_used_at > now() - interval '1 min' AS used FROM sessions`))[0].used;
  await dataSource.query(`UPDATE sessions SET last_used_at = now() - interval '10 min'`);
  expect(await used()).toBe(false);
  await eventually('its use to be noted', used);
  expect((await customer.call('DELETE', '/v1/session', undefined, headers)).status).toBe(204);
  expect(await console.closes()).toEqual({ code: 4401, reason: 'the session was ended, or has expired' });
  // The token that it was made of is as good as before.
  await opened();
});

describe('a new shell in the same console', () => {
  it('after a restart', async () => {
    const console = await opened();
    console.forget();
    await customer.act(server.id, 'restart');
    expect((await console.hears('reopened')).reason).toBe('the server was stopped: this is a new shell');
    await console.shows(/\[berth: the server was stopped: this is a new shell\]/);
    await console.run('hostname', new RegExp(`\\n${server.hostname}\\r\\n`));
  });

  it('waits for a stopped server, and says so', async () => {
    const console = await opened();
    console.forget();
    await customer.act(server.id, 'stop');
    await console.hears('waiting');
    await console.shows(/\[berth: the server has stopped\]/);
    await customer.act(server.id, 'start');
    await console.hears('reopened');
    await console.run('echo on again', /\non again\r\n/);
  });

  it('stands still with a frozen server, and goes on', async () => {
    const console = await opened();
    console.forget();
    await platform.ended(await platform.ask(server, 'freeze_server'));
    expect((await console.hears('waiting')).reason).toBe('the server is frozen');
    await platform.ended(await platform.ask(server, 'unfreeze_server'));
    await console.hears('opened');
    await console.run('echo thawed', /\nthawed\r\n/);
  });
});

describe('workers', () => {
  afterEach(async () => {
    await platform.killWorkers();
    await platform.worker();
  });

  it('another takes over from one that was killed', async () => {
    await platform.killWorkers();
    const doomed = await platform.worker();
    const console = await opened();
    await platform.worker();
    console.forget();
    await doomed.kill();
    expect((await console.hears('reopened')).reason).toBe(
      'another worker has taken over: this is a new shell',
    );
    await console.run('echo alive', /\nalive\r\n/);
  });

  it('another takes over at once from one that ends', async () => {
    await platform.killWorkers();
    const leaving = await platform.worker();
    const console = await opened();
    await platform.worker();
    console.forget();
    expect(await leaving.stop()).toEqual({ code: 0, signal: null });
    await console.hears('reopened');
    await console.run('echo alive', /\nalive\r\n/);
  });

  it('waits for the first to come', async () => {
    await platform.killWorkers();
    const console = await TestConsole.connect(customer, server.id);
    open.push(console);
    expect((await console.hears('waiting')).reason).toBe('no worker is there to open it yet');
    await platform.worker();
    await console.hears('opened');
    await console.run('echo there', /\nthere\r\n/);
  });
});

it('says goodbye to clients when the API ends', async () => {
  const another = await platform.api();
  const client = await another.client('customer', platform.world.tenant.id);
  const console = await opened(client);
  await another.close();
  expect((await console.closes()).code).toBe(1001);
});

function rawSocket(console: TestConsole): { bytesRead: number } {
  return (console.socket as unknown as { _socket: { bytesRead: number } })._socket;
}
