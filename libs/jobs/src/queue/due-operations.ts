import type { DataSource } from 'typeorm';
import type { OperationsQueue } from './operations-queue';

/**
 * Rings for every operation that should be worked on and perhaps isn't: pending and due, or with a worker whose lease ran
 * out. This is what makes a wiped Redis harmless. Gives the number rung for.
 *
 * A job that a dead worker had just picked up, or that waits out a delay that a cancel made pointless, keeps its id taken.
 * So one that stays due is rung for under another id, 2 s, 4 s, 8 s … after it fell due: few enough to be no burden where the
 * queue is merely long.
 */
export async function ringDueOperations(
  dataSource: DataSource,
  queue: OperationsQueue,
  limit = 5000,
): Promise<number> {
  const rows: { id: string; fence: string; again: number }[] = await dataSource.query(
    `SELECT id, fence, floor(log(2, greatest(1, extract(epoch FROM now() - greatest(run_after, lease_until)))))::int AS again
       FROM operations
      WHERE status IN ('pending','running') AND waits_for IS NULL AND run_after <= now()
        AND (status = 'pending' OR lease_until IS NULL OR lease_until < now())
      ORDER BY run_after LIMIT $1`,
    [limit],
  );
  if (rows.length > 0)
    await queue.ring(rows.map(({ id, fence, again }) => ({ operationId: id, fence: Number(fence), again })));
  return rows.length;
}
