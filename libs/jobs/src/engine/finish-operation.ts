import type { OperationErrorBody, OperationStatus } from '@berth/contracts';
import {
  inTransaction,
  OperationEntity,
  recordAudit,
  releaseAddresses,
  releaseIdSlot,
  ringLater,
  ServerEntity,
} from '@berth/database';
import { statusAfter, type ServerOperationKind } from '@berth/domain';
import type { DataSource, EntityManager } from 'typeorm';

export interface Ending {
  status: Extract<OperationStatus, 'succeeded' | 'failed' | 'cancelled'>;
  error: OperationErrorBody | null;
  /** The last step's writing, in the same transaction. */
  lastStep: { position: number; output: Record<string, unknown>; log: string } | null;
}

const outcomes = { succeeded: 'success', failed: 'failure', cancelled: 'cancelled' } as const;

/** The operation's row and its last step's; one row where it was still this worker's. */
const END_OPERATION = `
  WITH ended AS (
    UPDATE operations SET status = $3, error = $4, finished_at = clock_timestamp(), lease_until = NULL,
           progress = CASE WHEN $3 = 'succeeded' THEN 100 ELSE progress END,
           result = CASE WHEN $3 = 'succeeded' THEN $5::jsonb END,
           -- A failed operation may be tried again, and needs its secret for that.
           input = CASE WHEN $3 = 'failed' THEN input ELSE input - 'sealed_root_password' END
     WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING id
  ), last_step AS (
    UPDATE operation_steps SET status = 'succeeded', finished_at = clock_timestamp(), output = $5::jsonb, error = NULL, log = $7
     WHERE operation_id = (SELECT id FROM ended) AND position = $6
  )
  SELECT id FROM ended`;

/**
 * Ends an operation: its row, its server's or host's status, what a deleted server held, the one that waits in line
 * and the audit event, all in one transaction. False: another worker has it.
 */
export async function finishOperation(
  dataSource: DataSource,
  operation: OperationEntity,
  ending: Ending,
): Promise<boolean> {
  return inTransaction(dataSource, async (em) => {
    const rows: unknown[] = await em.query(END_OPERATION, [
      operation.id,
      operation.fence,
      ending.status,
      ending.error,
      ending.lastStep?.output ?? {},
      ending.lastStep?.position ?? -1,
      ending.lastStep?.log ?? '',
    ]);
    if (rows.length === 0) return false;
    if (operation.serverId) await settleServer(em, operation, ending);
    else if (operation.hostId) await settleHost(em, operation, ending);
    const waiting: [{ id: string }[], number] = await em.query(
      `UPDATE operations SET waits_for = NULL, run_after = clock_timestamp() WHERE waits_for = $1 RETURNING id`,
      [operation.id],
    );
    for (const { id } of waiting[0]) await ringLater(em, id);
    await recordAudit(em, {
      actor: operation.requestedBy,
      role: 'system',
      tenantId: operation.tenantId,
      action: `operation.${ending.status}`,
      targetType: operation.serverId ? 'server' : 'host',
      targetId: operation.serverId ?? operation.hostId ?? operation.id,
      requestId: operation.requestId,
      details: {
        operation_id: operation.id,
        kind: operation.kind,
        ...(ending.error && { error: ending.error }),
      },
    });
    return true;
  });
}

async function settleServer(em: EntityManager, operation: OperationEntity, ending: Ending): Promise<void> {
  const server = await em.findOneOrFail(ServerEntity, {
    where: { id: operation.serverId! },
    lock: { mode: 'pessimistic_write' },
  });
  const kind = operation.kind as ServerOperationKind;
  const status = statusAfter(kind, outcomes[ending.status], server.status, operation.input);
  if (status === server.status) return;
  if (status === 'deleted') {
    await em.update(ServerEntity, { id: server.id }, { status, deletedAt: new Date() });
    await releaseAddresses(em, server.id);
    await releaseIdSlot(em, server.locationId, server.idSlot);
  } else if (server.status !== 'deleted') {
    await em.update(ServerEntity, { id: server.id }, { status });
  }
}

async function settleHost(em: EntityManager, operation: OperationEntity, ending: Ending): Promise<void> {
  if (operation.kind !== 'enrol_host') return;
  // A host that an operator cordoned or removed meanwhile stays so.
  await em.query(
    `UPDATE hosts SET state = $2, reachable = $3, last_error = $4, updated_at = now() WHERE id = $1 AND state IN ('enrolling','error')`,
    [
      operation.hostId,
      ending.status === 'succeeded' ? 'active' : 'error',
      ending.status === 'succeeded',
      ending.error?.message ?? null,
    ],
  );
}
