import {
  closeUsageWindows,
  ensureUsagePartitions,
  newId,
  PlanEntity,
  rollUpUsage,
  TenantEntity,
  writeUsageSamples,
} from '@berth/database';
import {
  beginMeteringAt,
  createTestDatabase,
  makeHost,
  makeWorld,
  useMeteringClock,
  type TestDatabase,
} from '@berth/testing';
import { EventPlayer } from './event-player';
import { SimulatedMonth } from './simulated-month';

jest.setTimeout(600_000);

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const GIB = 1024 ** 3;
const HOURS = 31 * 24;
const CHURNING =
  'server_history, address_history, snapshot_history, usage_hours, usage_counters, servers, addresses, tenants, hosts, test_clock';
const start = Date.parse('2031-03-01T00:00:00Z');

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

/** Numbers from a seed, so that a failure can be run again (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function makeProvider(servers: number) {
  const { dataSource } = database;
  const em = dataSource.manager;
  const world = await makeWorld(dataSource);
  await useMeteringClock(dataSource);
  const room = {
    capacityCpus: 100_000,
    capacityRamBytes: 100_000 * GIB,
    capacityDiskBytes: 10_000_000 * GIB,
  };
  const hosts = await Promise.all([1, 2].map(() => makeHost(em, world.location.id, room)));
  const plans = await Promise.all(
    [1, 2, 4, 8].map(async (gib) => {
      const limits = { ram_bytes: gib * GIB, disk_bytes: 10 * gib * GIB };
      const { id } = await em.save(
        em.create(PlanEntity, { ...world.plan, id: newId(), name: `p${gib}`, limits }),
      );
      return { id, ram: limits.ram_bytes, disk: limits.disk_bytes };
    }),
  );
  const tenants = await Promise.all(
    Array.from({ length: 40 }, () => em.save(em.create(TenantEntity, { ...world.tenant, id: newId() }))),
  );
  const addresses = 5 * servers;
  const player = await EventPlayer.make(dataSource, world, addresses);
  await beginMeteringAt(dataSource, new Date(start));
  const ids = (all: { id: string }[]) => all.map(({ id }) => id);
  return { player, plans, addresses, hosts: ids(hosts), tenants: ids(tenants) };
}

it('meters a month of 2,000 servers as a ledger kept by hand does, to the unit', async () => {
  const { dataSource } = database;
  const random = seeded(20_310_301);
  const servers = 2000;
  const { player, ...provider } = await makeProvider(servers);
  const month = new SimulatedMonth(random, { start, hours: HOURS, servers, meanLifeHours: 25, ...provider });
  /** Until when workers, or a host, are away. */
  let workersBack = start;
  const hostBack = new Map<string, number>();
  let [outages, silences, most] = [0, 0, 0];

  for (let begin = start; begin < start + HOURS * HOUR; begin += HOUR) {
    if (begin % DAY === 0) await ensureUsagePartitions(dataSource, new Date(begin));
    // As autovacuum does in days that last longer.
    if (begin % DAY === 0) await dataSource.query(`VACUUM (ANALYZE) ${CHURNING}`);
    await player.play(month.hour(begin));
    month.use();
    most = Math.max(most, month.size);
    const isLast = begin === start + (HOURS - 1) * HOUR;
    if (begin >= workersBack && random() < 0.02) {
      workersBack = begin + Math.ceil(random() * 8) * HOUR;
      outages += 1;
    }
    if (begin < workersBack && !isLast) continue;
    const now = begin + 50 * 60_000 + Math.floor(random() * 9 * 60_000);
    const rows: { id: string; number: string }[] = await dataSource.query(
      'SELECT id, number FROM servers WHERE number > $1',
      [Math.max(0, ...month.numbers.values())],
    );
    for (const { id, number } of rows) month.numbers.set(id, Number(number));
    for (const host of provider.hosts) {
      if (begin >= (hostBack.get(host) ?? 0) && random() < 0.02) {
        hostBack.set(host, begin + Math.ceil(random() * 6) * HOUR);
        silences += 1;
      }
      if (begin < (hostBack.get(host) ?? 0) && !isLast) continue;
      await dataSource.transaction((em) =>
        writeUsageSamples(em, host, month.readings(host, now), new Date(now)),
      );
    }
    const end = new Date(begin + HOUR);
    await rollUpUsage(dataSource, end);
    const close = () => closeUsageWindows(dataSource, { now: end });
    // Now and then by two workers at once.
    await Promise.all(random() < 0.2 ? [close(), close()] : [close()]);
  }
  month.ledger.end(start + HOURS * HOUR);

  const told: { key: string; quantity: string }[] = await dataSource.query(
    `SELECT concat_ws(' ', server_id, meter, coalesce(plan_id::text, ''), to_char(window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD')) AS key,
            sum(quantity)::text AS quantity
       FROM usage_records GROUP BY 1 HAVING sum(quantity) <> 0`,
  );
  const differences = told.filter(({ key, quantity }) => month.ledger.sums.get(key) !== BigInt(quantity));
  expect(differences.slice(0, 5)).toEqual([]);
  expect(told.length).toBe(month.ledger.sums.size);
  const [facts]: { records: number; servers: number; corrections: number; incomplete: number }[] =
    await dataSource.query(
      `SELECT count(*)::int AS records, count(DISTINCT server_id)::int AS servers, count(corrects)::int AS corrections,
              count(*) FILTER (WHERE incomplete)::int AS incomplete FROM usage_records`,
    );
  // It was a month in which all of it happened.
  expect(facts).toMatchObject({ servers, corrections: 0 });
  expect(facts!.incomplete).toBeGreaterThan(1000);
  expect([outages > 3, silences > 10, most > 70]).toEqual([true, true, true]);
  if (process.env.BERTH_TEST_FIGURES) console.log({ ...facts, outages, silences, most, sums: told.length });
});
