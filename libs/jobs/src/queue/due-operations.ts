import type { DataSource } from 'typeorm';
import type { OperationsQueue } from './operations-queue';

/**
 * Rings for every operation that should be worked on and perhaps isn't: pending and due, or with a worker whose lease ran
 * out. This is what makes a wiped Redis harmless. Gives the number rung for.
 */
export async function ringDueOperations(
  dataSource: DataSource,
  queue: OperationsQueue,
  limit = 5000,
): Promise<number> {
  const rows: { id: string; fence: string }[] = await dataSource.query(
    `SELECT id, fence FROM operations
      WHERE status IN ('pending','running') AND waits_for IS NULL AND run_after <= now()
        AND (status = 'pending' OR lease_until IS NULL OR lease_until < now())
      ORDER BY run_after LIMIT $1`,
    [limit],
  );
  if (rows.length > 0)
    await queue.ring(rows.map((row) => ({ operationId: row.id, fence: Number(row.fence) })));
  return rows.length;
}
