import { SAMPLE_DAYS } from '@berth/domain';
import type { DataSource, EntityManager } from 'typeorm';
import { USAGE_LOCK } from './usage-lock';

const DAY_MS = 86_400_000;
/** Days and months made before they begin: workers may be away for so long. */
const DAYS_AHEAD = 3;
const MONTHS_AHEAD = 1;
/** DROP locks the whole table: rather another time than everybody behind it. */
const DROP_LOCK_TIMEOUT = '2s';

interface Partition {
  name: string;
  from: Date;
  to: Date;
}

/**
 * Postgres's time. Metering goes by it alone: a worker whose clock is a month ahead must neither close hours to come nor drop
 * the days of now.
 */
export async function usageTime(dataSource: DataSource): Promise<Date> {
  const [row]: { now: Date }[] = await dataSource.query('SELECT clock_timestamp() AS now');
  return row!.now;
}

/** Makes the partitions of today and the days after, this month and the next; those that are there stay. Idempotent. */
export async function ensureUsagePartitions(dataSource: DataSource, now: Date): Promise<void> {
  const days = Array.from({ length: DAYS_AHEAD + 2 }, (_, i) => dayOf(new Date(+now + (i - 1) * DAY_MS)));
  const months = Array.from({ length: MONTHS_AHEAD + 2 }, (_, i) => monthOf(now, i - 1));
  await dataSource.transaction(async (em) => {
    await em.query('SELECT pg_advisory_xact_lock($1, 1)', [USAGE_LOCK]);
    for (const day of days) await ensure(em, 'usage_samples', day);
    for (const month of months) await ensure(em, 'usage_hours', month);
  });
}

/**
 * Drops the days of samples that ended SAMPLE_DAYS ago and that the hours hold; gives their names. Throws lock_not_available
 * where queries are too busy with them.
 */
export async function dropOldSamples(dataSource: DataSource, now: Date): Promise<string[]> {
  const limit = dayOf(new Date(+now - SAMPLE_DAYS * DAY_MS));
  const rows: { name: string }[] = await dataSource.query(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, usage_progress p
      WHERE i.inhparent = 'usage_samples'::regclass AND c.relname < $1
        AND c.relname < 'usage_samples_' || to_char(p.rolled_up_to AT TIME ZONE 'UTC', 'YYYYMMDD') ORDER BY 1`,
    [limit.name],
  );
  for (const { name } of rows) {
    await dataSource.transaction(async (em) => {
      await em.query(`SET LOCAL lock_timeout = '${DROP_LOCK_TIMEOUT}'`);
      await em.query(`DROP TABLE IF EXISTS ${name}`);
    });
  }
  return rows.map(({ name }) => name);
}

/** Attached rather than created in place: that would wait for, and then block, all who read or write the table. */
async function ensure(em: EntityManager, table: string, { name, from, to }: Partition): Promise<void> {
  const [found]: { there: boolean }[] = await em.query('SELECT to_regclass($1) IS NOT NULL AS there', [name]);
  if (found!.there) return;
  await em.query(
    `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)`,
  );
  await em.query(
    `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`,
  );
}

function dayOf(moment: Date): Partition {
  const from = new Date(Math.floor(+moment / DAY_MS) * DAY_MS);
  const digits = from.toISOString().slice(0, 10).replaceAll('-', '');
  return { name: `usage_samples_${digits}`, from, to: new Date(+from + DAY_MS) };
}

function monthOf(now: Date, offset: number): Partition {
  const at = (months: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months));
  const from = at(offset);
  return {
    name: `usage_hours_${from.toISOString().slice(0, 7).replace('-', '')}`,
    from,
    to: at(offset + 1),
  };
}
