import { serverStatusSchema, type OperationErrorBody, type OperationStatus } from '@berth/contracts';
import { inStatement, newId, type OperationEntity, prepared } from '@berth/database';
import { statusAfter, type ServerOperationKind } from '@berth/domain';
import type { DataSource } from 'typeorm';
import { changesServer, finishChange, type Outcome } from './finish-change';
import { stepRows, writeStepsSql, type StepUpdate } from './operation-store';

export interface Ending {
  status: Extract<OperationStatus, 'succeeded' | 'failed' | 'cancelled'>;
  error: OperationErrorBody | null;
  /** What the operation was for: its last step's output. */
  result: Record<string, unknown>;
  /** What is still to be written of its steps, in the same statement. */
  steps: readonly StepUpdate[];
}

const outcomes = {
  succeeded: 'success',
  failed: 'failure',
  cancelled: 'cancelled',
} as const satisfies Record<Ending['status'], Outcome>;

/** Customers wait for it, so all of it is one statement; nothing of it happens unless `ended` finds its row. */
const END_OPERATION = prepared(
  'end_operation',
  `
  WITH ended AS (
    UPDATE operations SET status = $3, error = $4, finished_at = clock_timestamp(), lease_until = NULL,
           progress = CASE WHEN $3 = 'succeeded' THEN 100 ELSE progress END,
           result = CASE WHEN $3 = 'succeeded' THEN $5::jsonb END,
           -- A failed operation may be tried again, and needs its secret for that.
           input = CASE WHEN $3 = 'failed' THEN input ELSE input - 'sealed_root_password' END
     WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING *
  ), steps AS (${writeStepsSql('$6', 'ended')}
  ), next_in_line AS (
    UPDATE operations SET waits_for = NULL, run_after = clock_timestamp() WHERE waits_for = (SELECT id FROM ended) RETURNING id
  ), ring AS (
    INSERT INTO outbox (operation_id) SELECT id FROM next_in_line
  ), server AS (
    UPDATE servers SET status = $7::jsonb ->> status, updated_at = now(),
           deleted_at = CASE WHEN $7::jsonb ->> status = 'deleted' THEN now() ELSE deleted_at END
     WHERE id = (SELECT server_id FROM ended) AND $7::jsonb ->> status <> status
    RETURNING id, status, location_id, id_slot
  ), addresses_back AS (
    UPDATE addresses SET server_id = NULL, tenant_id = NULL, is_primary = false, rdns = NULL, assigned_at = NULL, released_at = now()
     WHERE server_id = (SELECT id FROM server WHERE status = 'deleted')
  ), id_range_back AS (
    INSERT INTO free_id_slots (location_id, slot) SELECT location_id, id_slot FROM server WHERE status = 'deleted'
    ON CONFLICT DO NOTHING
  ), snapshots_gone AS (
    UPDATE snapshots SET status = 'deleted', deleted_at = now()
     WHERE server_id = (SELECT id FROM server WHERE status = 'deleted') AND deleted_at IS NULL
  ), source_cleared AS (
    UPDATE server_migrations SET ended_at = clock_timestamp() WHERE left_to = (SELECT id FROM ended) AND ended_at IS NULL
  ), host AS (
    -- A host that an operator cordoned or removed meanwhile stays so.
    UPDATE hosts SET state = CASE WHEN $3 = 'succeeded' THEN 'active' ELSE 'error' END, reachable = $3 = 'succeeded',
           last_error = $4::jsonb ->> 'message', updated_at = now()
     WHERE id = (SELECT host_id FROM ended WHERE kind = 'enrol_host') AND state IN ('enrolling','error')
  ), audit AS (
    INSERT INTO audit_events (id, at, actor, role, tenant_id, action, target_type, target_id, request_id, details)
    SELECT $8, clock_timestamp(), requested_by, 'system', tenant_id, 'operation.' || status,
           CASE WHEN server_id IS NULL THEN 'host' ELSE 'server' END, coalesce(server_id, host_id, id)::text, request_id,
           jsonb_strip_nulls(jsonb_build_object('operation_id', id, 'kind', kind)) ||
             CASE WHEN $4::jsonb IS NULL THEN '{}' ELSE jsonb_build_object('error', $4::jsonb) END
      FROM ended
  )
  SELECT id FROM ended`,
);

/**
 * Ends an operation: its row, its server's or host's status, what a deleted server held, the one that waits in line
 * and the audit event, all or nothing. False: another worker has it.
 */
export async function finishOperation(
  dataSource: DataSource,
  operation: OperationEntity,
  ending: Ending,
): Promise<boolean> {
  if (changesServer(operation)) {
    return finishChange(dataSource, operation, ending.status, async (em, outcome) => {
      const rows: unknown[] = await em.query(END_OPERATION, parametersOf(operation, ending, outcome));
      return rows.length > 0;
    });
  }
  const parameters = parametersOf(operation, ending, outcomes[ending.status]);
  return (await inStatement<unknown[]>(dataSource, END_OPERATION, parameters)).length > 0;
}

function parametersOf(
  operation: OperationEntity,
  { status, error, result, steps }: Ending,
  outcome: Outcome,
): unknown[] {
  return [
    operation.id,
    operation.fence,
    status,
    error && JSON.stringify(error),
    JSON.stringify(result),
    stepRows(steps),
    JSON.stringify(statusesAfter(operation, outcome)),
    newId(),
  ];
}

/** Where the end leaves the server, by the status it is in; a deleted one stays deleted. */
function statusesAfter({ kind, input, serverId }: OperationEntity, outcome: Outcome): Record<string, string> {
  if (!serverId) return {};
  const alive = serverStatusSchema.options.filter((status) => status !== 'deleted');
  return Object.fromEntries(
    alive.map((status) => [status, statusAfter(kind as ServerOperationKind, outcome, status, input)]),
  );
}
