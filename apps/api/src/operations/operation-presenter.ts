import type { OperationView } from '@berth/contracts';
import { entityFrom, OperationEntity, OperationStepEntity, prepared } from '@berth/database';
import { planOf } from '@berth/domain';
import { type DataSource, type EntityManager, In } from 'typeorm';
import { isUuid, notFound } from '../http/reference';
import type { Caller } from '../http/request-context';
import { isoTime } from '../http/time';
import { maySee } from './operation-lookup';

type ShownStep = Pick<
  OperationStepEntity,
  'name' | 'status' | 'attempt' | 'startedAt' | 'finishedAt' | 'error'
>;

function stepView(step: ShownStep): OperationView['steps'][number] {
  return {
    name: step.name,
    status: step.status,
    attempt: step.attempt,
    started_at: isoTime(step.startedAt),
    finished_at: isoTime(step.finishedAt),
    error: step.error && { code: step.error.code, message: step.error.message },
  };
}

/** Input and logs stay inside: they may tell of the host. */
function operationView(operation: OperationEntity, steps: ShownStep[], caller: Caller): OperationView {
  const { error } = operation;
  return {
    id: operation.id,
    kind: operation.kind,
    status: operation.status,
    progress: operation.progress,
    server_id: operation.serverId,
    host_id: caller.role === 'operator' ? operation.hostId : null,
    tenant_id: operation.tenantId,
    requested_by: operation.requestedBy,
    request_id: operation.requestId,
    attempt: operation.attempt,
    steps: steps.map(stepView),
    error: error && { code: error.code, message: error.message, step: error.step },
    // What a step put out may name the host as well.
    result: caller.role === 'operator' ? operation.result : null,
    cancel_requested: operation.cancelRequestedAt !== null,
    held_until: operation.status === 'running' ? isoTime(operation.leaseUntil) : null,
    waits_for: operation.waitsFor,
    created_at: isoTime(operation.createdAt),
    started_at: isoTime(operation.startedAt),
    finished_at: isoTime(operation.finishedAt),
  };
}

/** One that was made in this transaction: its steps are those of its plan, none has begun. */
export function presentNewOperation(operation: OperationEntity, caller: Caller): OperationView {
  const fresh = { status: 'pending', attempt: 0, startedAt: null, finishedAt: null, error: null } as const;
  const steps = planOf(operation.kind).steps.map(({ name }) => ({ name, ...fresh }));
  return operationView(operation, steps, caller);
}

const OPERATION_NOW = prepared(
  'operation_now',
  `SELECT to_jsonb(o) AS operation,
          (SELECT coalesce(jsonb_agg(s ORDER BY s.position), '[]') FROM operation_steps s WHERE s.operation_id = o.id) AS steps
     FROM operations o WHERE o.id = $1`,
);

/** It and its steps as of one moment. Throws `not_found` where this caller may see none. */
export async function presentOperationNow(
  dataSource: DataSource,
  id: string,
  caller: Caller,
): Promise<OperationView> {
  const [row]: { operation: Record<string, unknown>; steps: Record<string, unknown>[] }[] = isUuid(id)
    ? await dataSource.query(OPERATION_NOW, [id])
    : [];
  const operation = row && entityFrom(dataSource, OperationEntity, row.operation);
  if (!operation || !maySee(caller, operation)) throw notFound('operation', id);
  const steps = row.steps.map((step) => entityFrom(dataSource, OperationStepEntity, step));
  return operationView(operation, steps, caller);
}

/** Operations with their steps, as this caller may see them. */
export async function presentOperations(
  em: EntityManager,
  operations: OperationEntity[],
  caller: Caller,
): Promise<OperationView[]> {
  const steps = await em.find(OperationStepEntity, {
    where: { operationId: In(operations.map((operation) => operation.id)) },
    order: { position: 'ASC' },
  });
  return operations.map((operation) =>
    operationView(
      operation,
      steps.filter((step) => step.operationId === operation.id),
      caller,
    ),
  );
}

export async function presentOperation(
  em: EntityManager,
  operation: OperationEntity,
  caller: Caller,
): Promise<OperationView> {
  return (await presentOperations(em, [operation], caller))[0]!;
}
