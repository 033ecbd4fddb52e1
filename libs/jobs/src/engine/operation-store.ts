import type { OperationErrorBody } from '@berth/contracts';
import { entityFrom, OperationEntity, OperationStepEntity, prepared } from '@berth/database';
import type { DataSource } from 'typeorm';

export interface TakenOperation {
  operation: OperationEntity;
  steps: OperationStepEntity[];
}

export interface StepUpdate {
  position: number;
  status: 'running' | 'succeeded' | 'failed' | 'undone' | 'pending';
  output?: Record<string, unknown> | null;
  error?: OperationErrorBody | null;
  log?: string;
  /** A further try begins: counts it and sets the start. */
  begins?: boolean;
  /** When it happened, by `performance.now()`; when it is written where not given. */
  at?: number;
  /** Forget earlier tries: an undo counts its own. */
  resetAttempt?: boolean;
}

export interface Held {
  cancelRequested: boolean;
}

/**
 * Steps' rows from updates, which are the parameter `$n` as JSON, for the operation of the CTE `held`; see stepRows. In one
 * place, since an operation's end writes them too.
 */
export const writeStepsSql = (parameter: string, held: string): string => `
  UPDATE operation_steps s SET
    status = u.status,
    attempt = CASE WHEN u.reset THEN 0 ELSE s.attempt END + CASE WHEN u.begins THEN 1 ELSE 0 END,
    started_at = CASE WHEN u.begins THEN clock_timestamp() - u.began_ago * interval '1 ms' ELSE s.started_at END,
    finished_at = CASE WHEN u.status IN ('running','pending') THEN NULL
                       ELSE clock_timestamp() - u.ago * interval '1 ms' END,
    output = CASE WHEN u.has_output THEN u.output ELSE s.output END,
    error = CASE WHEN u.has_error THEN u.error ELSE s.error END,
    log = coalesce(u.log, s.log)
  FROM jsonb_to_recordset(${parameter}::jsonb) AS u(position integer, status text, begins boolean, began_ago double precision,
       ago double precision, reset boolean, has_output boolean, output jsonb, has_error boolean, error jsonb, log text)
  WHERE s.operation_id = (SELECT id FROM ${held}) AND s.position = u.position`;

/**
 * Updates as writeStepsSql takes them: one a step, the later of two counts. Several are written at once, some time after
 * they happened: how long ago goes along, by this process's own clock, which need not agree with the database's.
 */
export function stepRows(updates: readonly StepUpdate[]): string {
  const now = performance.now();
  const byPosition = new Map<number, StepRow>();
  for (const update of updates) {
    const before = byPosition.get(update.position);
    const ago = now - (update.at ?? now);
    byPosition.set(update.position, {
      ...before,
      ...update,
      begins: (before?.begins ?? false) || (update.begins ?? false),
      began_ago: update.begins ? ago : (before?.began_ago ?? 0),
      ago,
    });
  }
  return JSON.stringify([...byPosition.values()].map(toRow));
}

interface StepRow extends StepUpdate {
  /** Milliseconds. */
  began_ago: number;
  ago: number;
}

const TAKE = prepared(
  'take_operation',
  `WITH taken AS (
         UPDATE operations SET status = 'running', fence = nextval('operation_fence'), worker_id = $2, attempt = attempt + 1,
                lease_until = clock_timestamp() + $3 * interval '1 ms', started_at = coalesce(started_at, clock_timestamp())
          WHERE id = $1 AND waits_for IS NULL AND run_after <= clock_timestamp() + interval '100 ms'
            AND (status = 'pending' OR (status = 'running' AND (lease_until IS NULL OR lease_until < clock_timestamp())))
          RETURNING *
       )
       SELECT to_jsonb(taken) AS operation,
              (SELECT coalesce(jsonb_agg(s ORDER BY s.position), '[]') FROM operation_steps s WHERE s.operation_id = $1) AS steps
         FROM taken`,
);

const UPDATE_STEPS = prepared(
  'update_steps',
  `WITH held AS (
         UPDATE operations SET progress = $3 WHERE id = $1 AND fence = $2 AND status = 'running'
         RETURNING id, cancel_requested_at IS NOT NULL AS cancel_requested
       ), written AS (${writeStepsSql('$4', 'held')})
       SELECT cancel_requested FROM held`,
);

/** The engine's statements. Every write names the fence: it does nothing for a worker that has lost the operation. */
export class OperationStore {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Takes an operation that is due: pending, or running with a worker whose lease ran out. Null where there is nothing
   * to take (ended, in line, not due, in good hands).
   */
  async take(operationId: string, workerId: string, leaseMs: number): Promise<TakenOperation | null> {
    const [row]: { operation: Record<string, unknown>; steps: Record<string, unknown>[] }[] =
      await this.dataSource.query(TAKE, [operationId, workerId, leaseMs]);
    if (!row) return null;
    const operation = entityFrom(this.dataSource, OperationEntity, row.operation);
    const steps = row.steps.map((step) => entityFrom(this.dataSource, OperationStepEntity, step));
    return { operation, steps };
  }

  /** Writes steps' states and the progress in one statement. Null: another worker has it. */
  async updateSteps(
    operation: OperationEntity,
    updates: readonly StepUpdate[],
    progress: number,
  ): Promise<Held | null> {
    const rows: { cancel_requested: boolean }[] = await this.dataSource.query(UPDATE_STEPS, [
      operation.id,
      operation.fence,
      progress,
      stepRows(updates),
    ]);
    return rows[0] ? { cancelRequested: rows[0].cancel_requested } : null;
  }

  /** From here on the steps are taken back. `error` null: because of a cancel. */
  async turnBack(operation: OperationEntity, error: OperationErrorBody | null): Promise<boolean> {
    const [, count]: [unknown, number] = await this.dataSource.query(
      `UPDATE operations SET direction = 'undo', error = $3 WHERE id = $1 AND fence = $2 AND status = 'running'`,
      [operation.id, operation.fence, error],
    );
    return count > 0;
  }

  /** Gives it back to be taken again after `delayMs`, by anyone. False: another worker has it. */
  async release(operation: OperationEntity, delayMs: number): Promise<boolean> {
    const [, count]: [unknown, number] = await this.dataSource.query(
      `UPDATE operations SET status = 'pending', worker_id = NULL, lease_until = NULL,
              run_after = CASE WHEN cancel_requested_at IS NOT NULL AND direction = 'forward' THEN clock_timestamp()
                               ELSE clock_timestamp() + $3 * interval '1 ms' END
        WHERE id = $1 AND fence = $2 AND status = 'running'`,
      [operation.id, operation.fence, delayMs],
    );
    return count > 0;
  }

  /** Extends the leases of all that a worker holds, in one statement; gives those still its own. */
  async renew(held: readonly { id: string; fence: number }[], leaseMs: number): Promise<Map<string, Held>> {
    const rows: { id: string; cancel_requested: boolean }[] = (
      (await this.dataSource.query(
        `UPDATE operations o SET lease_until = clock_timestamp() + $3 * interval '1 ms'
           FROM unnest($1::uuid[], $2::bigint[]) AS mine(id, fence)
          WHERE o.id = mine.id AND o.fence = mine.fence AND o.status = 'running'
          RETURNING o.id, o.cancel_requested_at IS NOT NULL AS cancel_requested`,
        [held.map((one) => one.id), held.map((one) => one.fence), leaseMs],
      )) as [{ id: string; cancel_requested: boolean }[], number]
    )[0];
    return new Map(rows.map((row) => [row.id, { cancelRequested: row.cancel_requested }]));
  }
}

function toRow(update: StepRow): Record<string, unknown> {
  return {
    position: update.position,
    status: update.status,
    begins: update.begins ?? false,
    began_ago: update.began_ago,
    ago: update.ago,
    reset: update.resetAttempt ?? false,
    has_output: update.output !== undefined,
    output: update.output ?? null,
    has_error: update.error !== undefined,
    error: update.error ?? null,
    log: update.log ?? null,
  };
}
