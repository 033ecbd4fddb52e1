import type { DataSource } from 'typeorm';

export interface Backlog {
  /** Operations whose worker went away. */
  stalled: number;
  /** Operations that failed in the last 24 hours. */
  failed: number;
  outboxRows: number;
  /** Seconds; 0 where the outbox is empty. */
  outboxOldestAgeS: number;
}

/** What waits in Postgres, beside the queue. */
export async function readBacklog(dataSource: DataSource): Promise<Backlog> {
  const [row]: [Record<'stalled' | 'failed' | 'outbox_rows' | 'outbox_age', string>] = await dataSource.query(
    `SELECT (SELECT count(*) FROM operations WHERE status = 'running' AND lease_until < now()) AS stalled,
            (SELECT count(*) FROM operations WHERE status = 'failed' AND created_at > now() - interval '1 day') AS failed,
            (SELECT count(*) FROM outbox) AS outbox_rows,
            (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox) AS outbox_age`,
  );
  return {
    stalled: Number(row.stalled),
    failed: Number(row.failed),
    outboxRows: Number(row.outbox_rows),
    outboxOldestAgeS: Math.max(0, Number(row.outbox_age)),
  };
}
