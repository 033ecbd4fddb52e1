import { inTransaction } from '../transaction';
import type { DataSource, EntityManager } from 'typeorm';
import { USAGE_LOCK } from './usage-lock';

const HOUR_MS = 3_600_000;

const ROLL_UP_SQL = `
  INSERT INTO usage_hours (server_number, hour, samples, span_ms, up_ms, cpu_us, io_read_bytes, io_write_bytes, net_in_bytes,
         net_out_bytes, ram_bytes_sum, swap_bytes_sum, disk_bytes_sum, inodes_sum, num_proc_sum, ram_samples, swap_samples,
         disk_samples, inodes_samples, num_proc_samples, ram_bytes_max, swap_bytes_max, disk_bytes_max, inodes_max, num_proc_max)
  SELECT server_number, $1::timestamptz, count(*), sum(span_ms), coalesce(sum(span_ms) FILTER (WHERE num_proc IS NOT NULL), 0),
         sum(cpu_us), sum(io_read_bytes), sum(io_write_bytes), sum(net_in_bytes), sum(net_out_bytes),
         coalesce(sum(ram_pages::bigint) * 4096, 0), coalesce(sum(swap_pages::bigint) * 4096, 0),
         coalesce(sum(disk_bytes), 0), coalesce(sum(inodes), 0), coalesce(sum(num_proc::bigint), 0),
         count(ram_pages), count(swap_pages), count(disk_bytes), count(inodes), count(num_proc),
         max(ram_pages)::bigint * 4096, max(swap_pages)::bigint * 4096, max(disk_bytes), max(inodes), max(num_proc)
    FROM usage_samples WHERE at >= $1 AND at < $1::timestamptz + interval '1 hour'
   GROUP BY server_number`;

/**
 * Sums all samples of hours that are over up into `usage_hours`: first the hours are closed to samples, then each is written in
 * one transaction with the mark of how far it is. Killed anywhere, or run by several at a time, each sample counts once.
 * Gives the number of hours done.
 */
export async function rollUpUsage(dataSource: DataSource, now: Date): Promise<number> {
  await closeHours(dataSource, now);
  for (let hours = 0; ; hours++) {
    if (!(await inTransaction(dataSource, rollUpNext))) return hours;
  }
}

/** Waits for the samples under way, which take milliseconds; those after it are of the next hour. */
async function closeHours(dataSource: DataSource, now: Date): Promise<void> {
  const to = new Date(Math.floor(+now / HOUR_MS) * HOUR_MS);
  await inTransaction(dataSource, async (em) => {
    await em.query('SELECT pg_advisory_xact_lock($1, 0)', [USAGE_LOCK]);
    await em.query('UPDATE usage_progress SET closed_to = $1 WHERE closed_to < $1', [to]);
  });
}

async function rollUpNext(em: EntityManager): Promise<boolean> {
  await em.query('SELECT pg_advisory_xact_lock($1, 2)', [USAGE_LOCK]);
  const [next]: { hour: Date }[] = await em.query(
    'SELECT rolled_up_to AS hour FROM usage_progress WHERE rolled_up_to < closed_to',
  );
  if (!next) return false;
  await em.query(ROLL_UP_SQL, [next.hour]);
  await em.query(`UPDATE usage_progress SET rolled_up_to = rolled_up_to + interval '1 hour'`);
  return true;
}
