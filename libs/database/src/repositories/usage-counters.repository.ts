import type { CounterState } from '@berth/domain';
import type { EntityManager } from 'typeorm';

/** The server's last sample, and its time; null where it was never sampled. */
export async function lastUsage(
  em: EntityManager,
  serverNumber: number,
): Promise<(CounterState & { at: Date }) | null> {
  const rows: (CounterState & { at: Date })[] = await em.query(
    `SELECT host_id AS "hostId", boot, at, counters, carried FROM usage_counters WHERE server_number = $1`,
    [serverNumber],
  );
  return rows[0] ?? null;
}
