import {
  createTestDatabase,
  makeHost,
  makeWorld,
  orderServer,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { eventTypeSchema } from '@berth/contracts';
import { inTransaction } from '../transaction';
import { ServerEntity } from '../entities/server.entity';
import { dispatchEvents } from './event-dispatch.repository';
import { recordEvent } from './event.repository';

let database: TestDatabase;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await makeWorld(database.dataSource);
});
afterAll(() => database.drop());

interface Told {
  type: string;
  data: Record<string, never>;
}
const toldOf = (serverId: string): Promise<Told[]> =>
  database.dataSource.query('SELECT type, data FROM events WHERE server_id = $1 ORDER BY seq', [serverId]);
const change = (id: string, to: Partial<ServerEntity>) =>
  database.dataSource.manager.update(ServerEntity, { id }, to as object);

/** A server whose order's events are left out. */
async function someServer(): Promise<{ id: string; types: () => Promise<string[]> }> {
  const { server } = await orderServer(database.dataSource, world);
  const before = (await toldOf(server.id)).length;
  return {
    id: server.id,
    types: async () => (await toldOf(server.id)).slice(before).map(({ type }) => type),
  };
}

it.each<[Partial<ServerEntity>['status'][], string[]]>([
  [
    ['running', 'stopped', 'running'],
    ['created', 'stopped', 'started'],
  ],
  [['stopped'], ['created']],
  [
    ['running', 'frozen', 'running'],
    ['created', 'frozen', 'unfrozen'],
  ],
  [
    ['running', 'suspended', 'stopped'],
    ['created', 'suspended', 'unsuspended'],
  ],
  [
    ['error', 'running'],
    ['failed', 'created'],
  ],
])('whoever writes %j: %j', async (statuses, expected) => {
  const { id, types } = await someServer();
  for (const status of statuses) await change(id, { status });
  expect(await types()).toEqual(expected.map((type) => `server.${type}`));
});

it('a server that was there once is started again after an error, not created', async () => {
  const { id, types } = await someServer();
  await database.dataSource.query(
    `UPDATE operations SET status = 'succeeded', finished_at = now() WHERE server_id = $1`,
    [id],
  );
  for (const status of ['running', 'error', 'running'] as const) await change(id, { status });
  expect(await types()).toEqual(['operation.succeeded', 'server.created', 'server.failed', 'server.started']);
});

it('tells what a resize changed, where a server moved from, and that it is gone', async () => {
  const { id, types } = await someServer();
  const target = await makeHost(database.dataSource.manager, world.location.id);
  await change(id, { status: 'running' });
  await change(id, { limits: { ...world.plan.limits, cpu_units: 7 } });
  await change(id, { hostId: target.id });
  await change(id, { labels: { a: 'b' }, name: 'renamed' });
  await change(id, { status: 'deleted', deletedAt: new Date() });
  expect(await types()).toEqual(['server.created', 'server.resized', 'server.migrated', 'server.deleted']);
  const data = Object.fromEntries((await toldOf(id)).map((told) => [told.type, told.data]));
  expect(data['server.resized']).toMatchObject({
    plan: world.plan.name,
    limits: { cpu_units: 7 },
    previous: { plan: world.plan.name, limits: { cpu_units: world.plan.limits.cpu_units } },
  });
  expect(data['server.migrated']).toMatchObject({ host_id: target.id, source_host_id: world.host.id });
  expect(data['server.deleted']).toMatchObject({ server: { name: 'renamed', labels: { a: 'b' } } });
});

it('tells nothing of what was taken back', async () => {
  const { id, types } = await someServer();
  const failing = inTransaction(database.dataSource, async (em) => {
    await em.update(ServerEntity, { id }, { status: 'running' });
    throw new Error('taken back');
  });
  await expect(failing).rejects.toThrow('taken back');
  expect(await types()).toEqual([]);
});

it('uses only types of the contract', async () => {
  const types: { type: string }[] = await database.dataSource.query('SELECT DISTINCT type FROM events');
  expect(types.length).toBeGreaterThan(8);
  for (const { type } of types) expect(eventTypeSchema.options).toContain(type);
});

/** Everything up to now, whoever else of these tests' databases has transactions open. */
async function dispatchAll(): Promise<void> {
  while ((await dispatchEvents(database.dataSource)) !== 'idle') await new Promise(setImmediate);
}

it('lets events lie for a while where nobody wants them; a webhook made later gets what came after it', async () => {
  const { dataSource } = database;
  const tell = (subject: string) =>
    inTransaction(dataSource, (em) =>
      recordEvent(em, { type: 'usage.window_closed', tenantId: world.tenant.id, subject, data: {} }),
    );
  const lie = async (): Promise<string[]> =>
    (
      await dataSource.query(
        'SELECT subject FROM events WHERE seq > (SELECT dispatched_to FROM event_dispatch) ORDER BY seq',
      )
    ).map((row: { subject: string }) => row.subject);
  // Those of the tests before are old by now.
  await dataSource.query(`UPDATE events SET at = at - interval '1 min'`);
  await dispatchAll();
  expect(await lie()).toEqual([]);
  await tell('early');
  await dispatchAll();
  expect(await lie()).toEqual(['early']);
  const [{ id: endpoint }] = await dataSource.query(
    `INSERT INTO webhook_endpoints (id, audience, url, events, secret_sealed)
     VALUES (uuid_v7(), 'operator', 'https://example.com', '{usage.*}', 'x') RETURNING id`,
  );
  await tell('late');
  await dispatchAll();
  expect(await lie()).toEqual([]);
  const handed = await dataSource.query(
    'SELECT subject FROM webhook_deliveries d JOIN events e ON e.id = d.event_id WHERE endpoint_id = $1',
    [endpoint],
  );
  expect(handed).toEqual([{ subject: 'late' }]);
  await dataSource.query('DELETE FROM webhook_endpoints');
});

it('hands out each event once and in order, however many write and hand out at once', async () => {
  const { dataSource } = database;
  await dispatchAll();
  const [{ id: endpoint }] = await dataSource.query(
    `INSERT INTO webhook_endpoints (id, audience, url, events, secret_sealed)
     VALUES (uuid_v7(), 'operator', 'https://example.com', '{usage.*}', 'x') RETURNING id`,
  );
  const writer = async (which: number) => {
    for (let i = 0; i < 40; i++) {
      await inTransaction(dataSource, async (em) => {
        const event = {
          type: 'usage.window_closed' as const,
          tenantId: world.tenant.id,
          subject: `w/${which}/${i}`,
          data: {},
        };
        await recordEvent(em, event);
        // Commits in another order than it wrote.
        await em.query('SELECT pg_sleep(random() * 0.08)');
      });
    }
  };
  let writing = true;
  const passes: string[][] = [];
  const dispatcher = async () => {
    while (writing) {
      await dispatchEvents(dataSource);
      passes.push(
        (
          await dataSource.query(
            'SELECT event_seq FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY 1',
            [endpoint],
          )
        ).map(({ event_seq: seq }: { event_seq: string }) => seq),
      );
    }
  };
  const dispatching = Promise.all([dispatcher(), dispatcher()]);
  await Promise.all([1, 2, 3, 4, 5].map(writer));
  writing = false;
  await dispatching;
  await dispatchAll();
  const all: { seq: string }[] = await dataSource.query(
    `SELECT event_seq AS seq FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY 1`,
    [endpoint],
  );
  expect(all).toHaveLength(200);
  // What was handed out at any moment was all that there is up to there.
  const order = all.map(({ seq }) => seq);
  for (const pass of passes) expect(pass).toEqual(order.slice(0, pass.length));
  expect(passes.some((pass) => pass.length > 0 && pass.length < 200)).toBe(true);
});
