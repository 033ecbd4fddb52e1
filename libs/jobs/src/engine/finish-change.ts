import type { OperationKind, OperationStatus } from '@berth/contracts';
import { inTransaction, ServerEntity, settleServerChange, type OperationEntity } from '@berth/database';
import { planOf } from '@berth/domain';
import type { DataSource, EntityManager } from 'typeorm';

export type Outcome = 'success' | 'failure' | 'cancelled';

/** Kinds whose end writes more of the server than its status. */
const CHANGES: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'resize_server',
  'reinstall_server',
  'enable_feature',
  'disable_feature',
  'add_device',
  'remove_device',
  'add_address',
  'remove_address',
  'checkpoint_server',
  'create_snapshot',
  'delete_snapshot',
  'migrate_server',
]);

export const changesServer = ({ kind, serverId }: OperationEntity): boolean =>
  serverId !== null && CHANGES.has(kind);

/**
 * Writes what the operation changed of its server, and its end (by `end`, which is told what it means for the server's
 * status), in one transaction. False: another worker has it.
 */
export async function finishChange(
  dataSource: DataSource,
  operation: OperationEntity,
  status: OperationStatus,
  end: (em: EntityManager, outcome: Outcome) => Promise<boolean>,
): Promise<boolean> {
  return inTransaction(dataSource, async (em) => {
    const held: unknown[] = await em.query(
      `SELECT FROM operations WHERE id = $1 AND fence = $2 AND status = 'running' FOR UPDATE`,
      [operation.id, operation.fence],
    );
    if (held.length === 0) return false;
    const server = await em.findOneOrFail(ServerEntity, {
      where: { id: operation.serverId! },
      lock: { mode: 'pessimistic_write' },
    });
    const succeeded = status === 'succeeded';
    const reached = succeeded ? ALL_DONE : await reachedBy(em, operation);
    await settleServerChange(em, operation, server, { ...reached, succeeded });
    if (succeeded) return end(em, 'success');
    // What failed before anything was lost leaves the server as a cancel would.
    return end(em, status === 'failed' && reached.irrevocable ? 'failure' : 'cancelled');
  });
}

interface Reached {
  takenBack: boolean;
  irrevocable: boolean;
}

const ALL_DONE: Reached = { takenBack: false, irrevocable: true };

/** How far an operation came that did not succeed, by the rows of its steps. */
async function reachedBy(em: EntityManager, { id, kind }: OperationEntity): Promise<Reached> {
  const [row]: { taken_back: boolean; irrevocable: boolean }[] = await em.query(
    `SELECT coalesce(bool_and(status IN ('pending', 'undone')), true) AS taken_back,
            coalesce(bool_or(name = $2 AND (status <> 'pending' OR attempt > 0)), false) AS irrevocable
       FROM operation_steps WHERE operation_id = $1`,
    [id, planOf(kind).pointOfNoReturn],
  );
  return { takenBack: row!.taken_back, irrevocable: row!.irrevocable };
}
