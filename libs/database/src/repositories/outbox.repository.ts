import type { EntityManager } from 'typeorm';

export interface OutboxRow {
  id: string;
  operationId: string;
  /** Fence of the operation now: makes the queue's job id. */
  fence: number;
  /** Nobody has taken it yet. What runs or has ended needs no ring: whoever has it holds a lease, which is watched. */
  pending: boolean;
}

/** Takes up to `limit` rows that no other dispatcher holds; they stay locked until the transaction ends. */
export async function takeOutbox(em: EntityManager, limit: number): Promise<OutboxRow[]> {
  const rows: { id: string; operation_id: string; fence: string; pending: boolean }[] = await em.query(
    `SELECT o.id, o.operation_id, op.fence, op.status = 'pending' AS pending FROM outbox o JOIN operations op ON op.id = o.operation_id
      ORDER BY o.id LIMIT $1 FOR UPDATE OF o SKIP LOCKED`,
    [limit],
  );
  return rows.map(({ id, operation_id: operationId, fence, pending }) => ({
    id,
    operationId,
    fence: Number(fence),
    pending,
  }));
}

export async function deleteOutbox(em: EntityManager, ids: readonly string[]): Promise<void> {
  await em.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [[...ids]]);
}
