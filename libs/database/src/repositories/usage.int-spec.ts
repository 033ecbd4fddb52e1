import type { Counters } from '@berth/domain';
import {
  createTestDatabase,
  eventually,
  makeHost,
  makeWorld,
  orderServer,
  type TestDatabase,
  type World,
} from '@berth/testing';
import type { ServerEntity } from '../entities/server.entity';
import { UsageHourEntity } from '../entities/usage-hour.entity';
import { UsageSampleEntity } from '../entities/usage-sample.entity';
import { lastUsage } from './usage-counters.repository';
import { dropOldSamples, ensureUsagePartitions } from './usage-partition.repository';
import { rollUpUsage } from './usage-rollup.repository';
import { writeUsageSamples, type UsageReading } from './usage-sample.repository';
import { readUsageSeries } from './usage-series.repository';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let database: TestDatabase;
let world: World;
let start: Date;

beforeEach(async () => {
  database = await createTestDatabase();
  world = await makeWorld(database.dataSource);
  const [{ at }]: [{ at: Date }] = await em().query('SELECT closed_to AS at FROM usage_progress');
  // From a full hour on, ahead of the real clock: what is written with Postgres's own would be of the past.
  start = new Date(+at + 2 * HOUR);
  await ensureUsagePartitions(database.dataSource, start);
});
afterEach(() => database.drop());

const em = () => database.dataSource.manager;
const at = (ms: number) => new Date(+start + ms);
const order = async (hostId = world.host.id) =>
  (await orderServer(database.dataSource, world, { hostId, createdAt: at(-MINUTE) })).server;

function counters(sum: number, ram = 10): Counters {
  return {
    cputime: [sum * 1000, sum * 1000, null, null, 0],
    netin: [sum, sum, null, null, 0],
    netout: [2 * sum, 2 * sum, null, null, 0],
    ioread: [3 * sum, 3 * sum, null, null, 0],
    iowrite: [4 * sum, 4 * sum, null, null, 0],
    physpages: [ram, ram, 100, 100, 0],
    numproc: [3, 3, 10, 10, 0],
    diskspace: [5000, 5000, null, null, 0],
  };
}
const reading = (server: ServerEntity, sum: number, when: Date, boot = 'b1'): UsageReading => ({
  serverNumber: server.number,
  boot,
  counters: counters(sum),
  hostAt: +when,
});
const write = (readings: UsageReading[], when: Date, hostId = world.host.id) =>
  database.dataSource.transaction((tx) => writeUsageSamples(tx, hostId, readings, when));
const samplesOf = (server: ServerEntity) =>
  em().find(UsageSampleEntity, { where: { serverNumber: server.number }, order: { at: 'ASC' } });
const hoursOf = (server: ServerEntity) =>
  em().find(UsageHourEntity, { where: { serverNumber: server.number }, order: { hour: 'ASC' } });

describe('samples', () => {
  it('hold what was used since the one before, and what is held', async () => {
    const server = await order();
    await write([reading(server, 100, at(0))], at(0));
    await write([reading(server, 160, at(MINUTE))], at(MINUTE));
    expect(await samplesOf(server)).toMatchObject([
      { at: at(0), netInBytes: 100, spanMs: MINUTE },
      {
        at: at(MINUTE),
        spanMs: MINUTE,
        cpuUs: 60_000,
        netInBytes: 60,
        netOutBytes: 120,
        ioReadBytes: 180,
        ioWriteBytes: 240,
        ramPages: 10,
        numProc: 3,
        diskBytes: 5000,
        swapPages: null,
        inodes: null,
      },
    ]);
  });

  it('go on over restarts and over a move to another host', async () => {
    const server = await order();
    const other = await makeHost(em(), world.location.id);
    await write([reading(server, 1000, at(0))], at(0));
    await write([reading(server, 1010, at(1), 'b2')], at(MINUTE));
    await em().query('UPDATE servers SET host_id = $2 WHERE id = $1', [server.id, other.id]);
    // What is left of it on its old host counts no more.
    expect(await write([reading(server, 5000, at(2))], at(2 * MINUTE))).toBe(0);
    await write([reading(server, 7, at(2), 'b1')], at(2 * MINUTE), other.id);
    await write([reading(server, 9, at(3), 'b1')], at(3 * MINUTE), other.id);
    expect((await samplesOf(server)).map(({ netInBytes }) => netInBytes)).toEqual([1000, 10, 7, 2]);
    expect(await lastUsage(em(), server.number)).toMatchObject({
      hostId: other.id,
      carried: { netin: { held: 1010 } },
    });
  });

  it('of servers that were there before metering begin with what comes', async () => {
    const { server } = await orderServer(database.dataSource, world, {
      createdAt: new Date(+start - 365 * DAY),
    });
    await write([reading(server, 1_000_000, at(0))], at(0));
    await write([reading(server, 1_000_005, at(MINUTE))], at(MINUTE));
    expect((await samplesOf(server)).map(({ netInBytes, spanMs }) => [netInBytes, spanMs])).toEqual([
      [0, 0],
      [5, MINUTE],
    ]);
  });

  it('are of nothing that is no server of the host', async () => {
    const server = await order();
    await em().query(`UPDATE servers SET status = 'deleted', deleted_at = now() WHERE id = $1`, [server.id]);
    const unknown = { ...reading(server, 1, at(0)), serverNumber: 999_999 };
    expect(await write([reading(server, 1, at(0)), unknown], at(0))).toBe(0);
  });

  it('never have two of one moment, nor one before the last, whatever the clock does', async () => {
    const server = await order();
    await write([reading(server, 1, at(0))], at(MINUTE));
    await write([reading(server, 2, at(0))], at(MINUTE));
    await write([reading(server, 3, at(0))], at(0));
    const times = (await samplesOf(server)).map((sample) => +sample.at - +start);
    expect(times).toEqual([MINUTE, MINUTE + 1, MINUTE + 2]);
  });

  it('written at the same time are held against each other, and count what was used once', async () => {
    const servers = [await order(), await order()];
    await write(
      servers.map((server) => reading(server, 100, at(0))),
      at(0),
    );
    await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        write(
          [...servers].reverse().map((server) => reading(server, 108, at(i))),
          at(MINUTE + i),
        ),
      ),
    );
    for (const server of servers) {
      const used = (await samplesOf(server)).map(({ netInBytes }) => netInBytes);
      expect(used).toHaveLength(9);
      expect(used.reduce((a, b) => a + b)).toBe(108);
    }
  });
});

describe('the roll-up', () => {
  it('is what a naive sum of all samples is, however often and by however many it is run', async () => {
    const servers = [await order(), await order(), await order()];
    let seed = 11;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const sums = servers.map(() => 0);
    // Five hours, with a gap of one and a half in the third; some samples on the hour's edge to the millisecond.
    for (let minute = 0; minute < 300; minute += minute === 130 ? 90 : 1) {
      const when = at(minute * MINUTE + (minute % 60 === 0 ? -(minute / 60) % 2 : random(1000)));
      const present = servers.filter(() => random(10) > 0);
      await write(
        present.map((server) => {
          const i = servers.indexOf(server);
          sums[i]! += random(100);
          return reading(server, sums[i]!, when, `b${random(3)}`);
        }),
        when,
      );
    }
    const naive: unknown[] = await em().query(
      `SELECT server_number::int AS server, date_trunc('hour', at, 'UTC') AS hour, count(*)::int AS samples, sum(cpu_us)::int AS cpu,
              sum(net_in_bytes)::int AS net_in, sum(net_out_bytes)::int AS net_out, sum(io_read_bytes)::int AS io_read,
              sum(io_write_bytes)::int AS io_write, sum(span_ms)::int AS span, sum(ram_pages * 4096)::int AS ram
         FROM usage_samples GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    const later = at(5 * HOUR);
    await Promise.all(Array.from({ length: 4 }, () => rollUpUsage(database.dataSource, later)));
    expect(await rollUpUsage(database.dataSource, later)).toBe(0);
    const rolledUp: unknown[] = await em().query(
      `SELECT server_number::int AS server, hour, samples, cpu_us::int AS cpu, net_in_bytes::int AS net_in,
              net_out_bytes::int AS net_out, io_read_bytes::int AS io_read, io_write_bytes::int AS io_write,
              span_ms::int AS span, ram_bytes_sum::int AS ram
         FROM usage_hours ORDER BY 1, 2`,
    );
    expect(naive.length).toBeGreaterThan(12);
    expect(rolledUp).toEqual(naive);
    for (const [i, server] of servers.entries()) {
      const hours = await hoursOf(server);
      expect(hours.reduce((sum, { netInBytes }) => sum + netInBytes, 0)).toBe(sums[i]);
    }
  });

  it('closes an hour: who comes late is counted in the next', async () => {
    const server = await order();
    await write([reading(server, 10, at(0))], at(HOUR - 1));
    await rollUpUsage(database.dataSource, at(HOUR));
    await write([reading(server, 30, at(1))], at(HOUR - 1));
    await rollUpUsage(database.dataSource, at(2 * HOUR));
    expect((await hoursOf(server)).map(({ hour, netInBytes }) => [hour, netInBytes])).toEqual([
      [at(0), 10],
      [at(HOUR), 20],
    ]);
  });

  it('waits for a sample that is being written, and leaves it out of no hour', async () => {
    const server = await order();
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await writeUsageSamples(runner.manager, world.host.id, [reading(server, 10, at(0))], at(HOUR - 1));
    let isDone = false;
    const rollUp = rollUpUsage(database.dataSource, at(HOUR)).then(() => (isDone = true));
    await eventually('the roll-up waits', async () => {
      const waiting: unknown[] = await em().query(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return waiting.length > 0;
    });
    expect(isDone).toBe(false);
    await runner.commitTransaction();
    await runner.release();
    await rollUp;
    expect(await hoursOf(server)).toMatchObject([{ hour: at(0), netInBytes: 10 }]);
  });

  it('that is killed half-way goes on where it was', async () => {
    const server = await order();
    for (const hour of [0, 1, 2]) await write([reading(server, 10 * (hour + 1), at(hour))], at(hour * HOUR));
    // The second hour's row is there already: as if by a hand that did not note it. The roll-up must not pass over it.
    await em().query(
      `INSERT INTO usage_hours (server_number, hour, samples, span_ms, up_ms, cpu_us, io_read_bytes, io_write_bytes, net_in_bytes,
          net_out_bytes, ram_bytes_sum, swap_bytes_sum, disk_bytes_sum, inodes_sum, num_proc_sum, ram_samples, swap_samples,
          disk_samples, inodes_samples, num_proc_samples) VALUES ($1, $2, 1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0)`,
      [server.number, at(HOUR)],
    );
    await expect(rollUpUsage(database.dataSource, at(3 * HOUR))).rejects.toThrow(/duplicate key/);
    await em().delete(UsageHourEntity, { serverNumber: server.number, hour: at(HOUR) });
    await rollUpUsage(database.dataSource, at(3 * HOUR));
    expect((await hoursOf(server)).map(({ netInBytes }) => netInBytes)).toEqual([10, 10, 10]);
  });
});

describe('partitions', () => {
  const names = async (table: string) =>
    (
      await em().query<{ name: string }[]>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1`,
        [table],
      )
    ).map(({ name }) => name);
  const day = (date: Date) => `usage_samples_${date.toISOString().slice(0, 10).replaceAll('-', '')}`;

  it('are made ahead, by several at a time too, with the index of the table', async () => {
    const now = new Date(+start + 100 * DAY);
    const before = await names('usage_samples');
    await Promise.all(Array.from({ length: 4 }, () => ensureUsagePartitions(database.dataSource, now)));
    const made = (await names('usage_samples')).filter((name) => !before.includes(name));
    expect(made).toEqual([-1, 0, 1, 2, 3].map((days) => day(new Date(+now + days * DAY))));
    const indexes: { indexdef: string }[] = await em().query(
      'SELECT indexdef FROM pg_indexes WHERE tablename = $1',
      [made[0]],
    );
    expect(indexes.map(({ indexdef }) => indexdef).join()).toMatch(
      /UNIQUE.*btree \(server_number, at\).*brin \(at\)|brin \(at\).*UNIQUE/,
    );
  });

  it('of 30 days ago are dropped, those after are not, and hours stay', async () => {
    const server = await order();
    await write([reading(server, 5, at(0))], at(0));
    const now = at(31 * DAY);
    await ensureUsagePartitions(database.dataSource, now);
    await rollUpUsage(database.dataSource, now);
    expect(await dropOldSamples(database.dataSource, at(29 * DAY))).not.toContain(day(start));
    expect(await samplesOf(server)).toHaveLength(1);
    expect(await dropOldSamples(database.dataSource, now)).toContain(day(start));
    expect(await samplesOf(server)).toHaveLength(0);
    expect(await names('usage_samples')).toContain(day(now));
    expect(await hoursOf(server)).toMatchObject([{ netInBytes: 5 }]);
    expect(await dropOldSamples(database.dataSource, now)).toEqual([]);
  });

  it('that are not summed up yet are never dropped', async () => {
    const server = await order();
    await write([reading(server, 5, at(0))], at(0));
    await dropOldSamples(database.dataSource, at(60 * DAY));
    expect(await samplesOf(server)).toHaveLength(1);
  });
});

describe('series', () => {
  it('are the same from samples and from hours, rolled up or not', async () => {
    const server = await order();
    for (let minute = 0; minute < 180; minute++)
      await write([reading(server, 7 * minute, at(minute * MINUTE))], at(minute * MINUTE));
    const range = { from: +start / 1000, to: +at(3 * HOUR) / 1000, step: 3600 };
    const read = (source: 'samples' | 'hours') => readUsageSeries(em(), server.number, { ...range, source });
    const fromSamples = await read('samples');
    expect(fromSamples.map(({ t }) => t * 1000 - +start)).toEqual([0, HOUR, 2 * HOUR]);
    expect(fromSamples[1]).toMatchObject({
      net_in_bytes: 420,
      span_ms: HOUR,
      ram_bytes: 40_960,
      inodes: null,
    });
    expect(await read('hours')).toEqual(fromSamples);
    await rollUpUsage(database.dataSource, at(2 * HOUR));
    expect(await read('hours')).toEqual(fromSamples);
    await rollUpUsage(database.dataSource, at(3 * HOUR));
    expect(await read('hours')).toEqual(fromSamples);
  });
});
