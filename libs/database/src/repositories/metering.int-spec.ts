import {
  beginMeteringAt,
  createTestDatabase,
  makeWorld,
  orderServer,
  useMeteringClock,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { Metering1763800000000 } from '../migrations/1763800000000-metering';
import { PlanEntity } from '../entities/plan.entity';
import { ServerEntity } from '../entities/server.entity';
import { UsageRecordEntity } from '../entities/usage-record.entity';
import { newId } from '../new-id';
import { removeAddress } from './address-change.repository';
import { closeUsageWindows } from './metering.repository';
import { reserveSnapshot, setSnapshotSize } from './snapshot.repository';
import { ensureUsagePartitions } from './usage-partition.repository';
import { rollUpUsage } from './usage-rollup.repository';
import { writeUsageSamples } from './usage-sample.repository';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GIB = 1024 ** 3;
const start = new Date('2031-03-01T00:00:00Z');
const at = (ms: number) => new Date(+start + ms);

let database: TestDatabase;
let world: World;
let clock: { set(now: Date): Promise<void> };

beforeEach(async () => {
  database = await createTestDatabase();
  world = await makeWorld(database.dataSource);
  clock = await useMeteringClock(database.dataSource);
  await beginMeteringAt(database.dataSource, start);
  await ensureUsagePartitions(database.dataSource, start);
});
afterEach(() => database.drop());

const em = () => database.dataSource.manager;
const change = async (ms: number, server: ServerEntity, fields: Partial<ServerEntity>) => {
  await clock.set(at(ms));
  await em().update(ServerEntity, { id: server.id }, fields);
};
/** In service from `ms` on, ordered `made` before. */
const makeServer = async (ms: number, made = 0) => {
  await clock.set(at(ms - made));
  const { server } = await orderServer(database.dataSource, world);
  await em().query('UPDATE servers SET created_at = $2 WHERE id = $1', [server.id, at(ms - made)]);
  await change(ms, server, { status: 'running' });
  return server;
};
const sample = (server: ServerEntity, used: number, ms: number) =>
  database.dataSource.transaction((tx) =>
    writeUsageSamples(
      tx,
      server.hostId,
      [
        {
          serverNumber: server.number,
          boot: 'b1',
          hostAt: +at(ms),
          counters: {
            cputime: [used, used, null, null, 0],
            netin: [2 * used, 2 * used, null, null, 0],
            netout: [3 * used, 3 * used, null, null, 0],
          },
        },
      ],
      at(ms),
    ),
  );
const close = async (ms: number) => {
  await rollUpUsage(database.dataSource, at(ms));
  return closeUsageWindows(database.dataSource, { now: at(ms) });
};
const records = () => em().find(UsageRecordEntity, { order: { seq: 'ASC' } });
/** `meter` or `meter/plan`, the hour, and a star where it is incomplete: what was told. */
const told = async (only?: ServerEntity) => {
  const all = (await records()).filter((record) => !only || record.serverId === only.id);
  return Object.fromEntries(
    all.map((record) => {
      const hour = (+record.windowStart - +start) / HOUR;
      const plan = record.planId === null || record.planId === world.plan.id ? '' : '/other';
      const mark = `${record.corrects ? `#${record.id.split('#')[1]}` : ''}${record.incomplete ? '*' : ''}`;
      return [`${hour} ${record.meter}${plan}${mark}`, Number(record.quantity)];
    }),
  );
};

describe('an hour that is over', () => {
  it('has what each server was, held and used', async () => {
    const server = await makeServer(10 * MINUTE, MINUTE);
    await sample(server, 1000, 11 * MINUTE);
    await change(20 * MINUTE, server, { status: 'stopped' });
    await change(30 * MINUTE, server, { status: 'suspended' });
    await change(40 * MINUTE, server, { status: 'running' });
    await sample(server, 1500, 59 * MINUTE);
    expect(await close(HOUR)).toBe(1);
    expect(await told()).toEqual({
      '0 creating_time': MINUTE,
      '0 running_time': 30 * MINUTE,
      '0 stopped_time': 10 * MINUTE,
      '0 suspended_time': 10 * MINUTE,
      '0 allocated_ram': (50 * MINUTE * GIB) / 4,
      '0 allocated_disk': 50 * MINUTE * GIB,
      '0 ipv4_addresses': 51 * MINUTE,
      '0 cpu': 1500,
      '0 traffic_in': 3000,
      '0 traffic_out': 4500,
    });
    const [first] = await records();
    const base = `${world.tenant.id}/${server.id}/allocated_disk/2031-03-01T00:00:00.000Z`;
    expect(first).toMatchObject({ id: base, unit: 'byte_ms', planId: null, corrects: null });
    const running = (await records()).find(({ meter }) => meter === 'running_time')!;
    expect(running.id).toBe(
      `${world.tenant.id}/${server.id}/running_time/2031-03-01T00:00:00.000Z/${world.plan.id}`,
    );
    expect([running.windowStart, running.windowEnd]).toEqual([start, at(HOUR)]);
  });

  it('is told by plan, to the millisecond, where that changes', async () => {
    const server = await makeServer(0);
    const limits = { ...world.plan.limits, ram_bytes: GIB, disk_bytes: 3 * GIB };
    const other = await em().save(
      em().create(PlanEntity, { ...world.plan, id: newId(), name: 'other', limits }),
    );
    await change(20 * MINUTE + 1, server, { planId: other.id, limits });
    expect(await close(HOUR)).toBe(1);
    expect(await told()).toMatchObject({
      '0 running_time': 20 * MINUTE + 1,
      '0 running_time/other': 40 * MINUTE - 1,
      '0 allocated_ram': ((20 * MINUTE + 1) * GIB) / 4 + (40 * MINUTE - 1) * GIB,
      '0 allocated_disk': (20 * MINUTE + 1) * GIB + (40 * MINUTE - 1) * 3 * GIB,
    });
  });

  it('has addresses and snapshots for as long as they are held, and nothing of a server that is deleted', async () => {
    const server = await makeServer(0);
    const id = newId();
    await clock.set(at(5 * MINUTE));
    await reserveSnapshot(em(), server, { id, name: 's', memory: false });
    await setSnapshotSize(em(), id, 1000);
    await clock.set(at(15 * MINUTE));
    await setSnapshotSize(em(), id, 3000);
    await clock.set(at(25 * MINUTE));
    await em().query(`UPDATE snapshots SET status = 'deleted', deleted_at = now() WHERE id = $1`, [id]);
    await clock.set(at(30 * MINUTE));
    const [{ address }] = await em().query('SELECT host(address) AS address FROM addresses');
    await removeAddress(em(), server.id, address);
    await change(45 * MINUTE, server, { status: 'deleted', deletedAt: new Date() });
    expect(await close(2 * HOUR)).toBe(2);
    expect(await told()).toEqual({
      '0 running_time': 45 * MINUTE,
      '0 allocated_ram': (45 * MINUTE * GIB) / 4,
      '0 allocated_disk': 45 * MINUTE * GIB,
      '0 ipv4_addresses': 30 * MINUTE,
      '0 snapshot_storage': 10 * MINUTE * 1000 + 10 * MINUTE * 3000,
      '0 cpu*': 0,
      '0 traffic_in*': 0,
      '0 traffic_out*': 0,
    });
  });

  it('is incomplete where samples are missing; what they would have told is in the hour that does', async () => {
    const server = await makeServer(0);
    await sample(server, 100, 20 * MINUTE);
    await sample(server, 700, HOUR + 30 * MINUTE);
    await sample(server, 800, HOUR + 59 * MINUTE);
    expect(await close(2 * HOUR)).toBe(2);
    expect(await told()).toMatchObject({ '0 cpu*': 100, '1 cpu': 700, '0 running_time': HOUR });
  });

  it('is not closed before it is over and its samples are summed up', async () => {
    await makeServer(0);
    await rollUpUsage(database.dataSource, at(2 * HOUR));
    expect(await closeUsageWindows(database.dataSource, { now: at(HOUR - 1) })).toBe(0);
    expect(await closeUsageWindows(database.dataSource, { now: at(9 * HOUR) })).toBe(2);
    expect(await closeUsageWindows(database.dataSource, { now: at(9 * HOUR) })).toBe(0);
  });
});

describe('closing', () => {
  it('by many at once and again tells each hour once', async () => {
    const servers = [await makeServer(0), await makeServer(HOUR / 2)];
    await rollUpUsage(database.dataSource, at(30 * HOUR));
    const others = await Promise.all(
      Array.from({ length: 4 }, () => closeUsageWindows(database.dataSource, { now: at(30 * HOUR) })),
    );
    expect(others.reduce((sum, hours) => sum + hours, 0)).toBe(30);
    const all = await records();
    expect(await closeUsageWindows(database.dataSource, { now: at(30 * HOUR) })).toBe(0);
    expect(await records()).toEqual(all);
    const running = all.filter(({ meter }) => meter === 'running_time');
    const sum = (id: string) =>
      running
        .filter(({ serverId }) => serverId === id)
        .reduce((ms, { quantity }) => ms + Number(quantity), 0);
    expect(servers.map(({ id }) => sum(id))).toEqual([30 * HOUR, 29.5 * HOUR]);
  });

  it('is told to its tenant, once, with what it has', async () => {
    await makeServer(0);
    expect(await close(3 * HOUR)).toBe(3);
    expect(await close(3 * HOUR)).toBe(0);
    const events: { tenant_id: string; data: Record<string, unknown> }[] = await em().query(
      `SELECT tenant_id, data FROM events WHERE type = 'usage.window_closed' ORDER BY seq`,
    );
    const all = await records();
    expect(events).toEqual(
      [0, 1, 2].map((hour) => ({
        tenant_id: world.tenant.id,
        data: {
          window_start: at(hour * HOUR).toISOString(),
          window_end: at((hour + 1) * HOUR).toISOString(),
          records: all.filter(({ windowStart }) => +windowStart === +at(hour * HOUR)).length,
          incomplete: true,
        },
      })),
    );
  });

  it('that is killed in the middle leaves nothing, and is done by the next', async () => {
    await makeServer(0);
    await rollUpUsage(database.dataSource, at(3 * HOUR));
    // Dies after the second hour's records are written, before the mark is.
    await em().query(`
      CREATE FUNCTION test_die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
      CREATE TRIGGER test_die BEFORE UPDATE ON metering_progress FOR EACH ROW
        WHEN (NEW.metered_to = '2031-03-01T02:00:00Z') EXECUTE FUNCTION test_die()`);
    await expect(closeUsageWindows(database.dataSource, { now: at(3 * HOUR) })).rejects.toThrow(/terminat/);
    expect([...new Set((await records()).map(({ windowStart }) => +windowStart))]).toEqual([+start]);
    await em().query('DROP TRIGGER test_die ON metering_progress');
    expect(await closeUsageWindows(database.dataSource, { now: at(3 * HOUR) })).toBe(2);
    const running = (await records()).filter(({ meter }) => meter === 'running_time');
    expect(running.map(({ quantity }) => Number(quantity))).toEqual([HOUR, HOUR, HOUR]);
  });

  it('tells a change that was committed after it as the difference, once', async () => {
    const server = await makeServer(0);
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await clock.set(at(HOUR - 1000));
    await runner.query(`UPDATE servers SET status = 'stopped' WHERE id = $1`, [server.id]);
    expect(await close(HOUR)).toBe(1);
    await runner.commitTransaction();
    await runner.release();
    expect(await close(3 * HOUR)).toBe(2);
    expect(await told()).toMatchObject({
      '0 running_time': HOUR,
      '0 running_time#1': -1000,
      '0 stopped_time': 1000,
      '1 stopped_time': HOUR,
      '2 stopped_time': HOUR,
    });
    const [correction] = (await records()).filter(({ corrects }) => corrects !== null);
    expect(correction!.id).toBe(`${correction!.corrects}#1`);
    expect((await records()).filter(({ meter }) => meter === 'running_time')).toHaveLength(2);
  });
});

it('refuses that a record is changed or deleted, whoever tries', async () => {
  await makeServer(0);
  await close(HOUR);
  await expect(em().query('UPDATE usage_records SET quantity = 0')).rejects.toThrow(/never changed/);
  await expect(em().query('DELETE FROM usage_records')).rejects.toThrow(/never changed/);
});

it('goes on from the moment of the change before where the clock is set back', async () => {
  const server = await makeServer(30 * MINUTE, MINUTE);
  await change(20 * MINUTE, server, { status: 'stopped' });
  expect(await close(HOUR)).toBe(1);
  expect(await told()).toMatchObject({ '0 stopped_time': 30 * MINUTE, '0 creating_time': MINUTE });
});

it('begins with what is there when it is installed, and can be taken out', async () => {
  const { server } = await orderServer(database.dataSource, world);
  const runner = database.dataSource.createQueryRunner();
  const migration = new Metering1763800000000();
  await migration.down(runner);
  await migration.up(runner);
  await runner.release();
  const rows: unknown[] = await em().query(
    `SELECT server_id, status, until = 'infinity' AS open, at > now() - interval '1 minute' AS fresh FROM server_history`,
  );
  expect(rows).toEqual([{ server_id: server.id, status: 'creating', open: true, fresh: true }]);
  const [{ held }] = await em().query('SELECT count(*)::int AS held FROM address_history');
  expect(held).toBe(1);
  await em().update(ServerEntity, { id: server.id }, { status: 'running' });
  const [{ count }] = await em().query('SELECT count(*)::int FROM server_history');
  expect(count).toBe(2);
});
