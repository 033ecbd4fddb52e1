import { operationInputs, type OperationKind } from '@berth/contracts';
import { BerthError, planOf } from '@berth/domain';
import { In, IsNull, type EntityManager } from 'typeorm';
import { prepared } from '../prepared';
import { OperationEntity } from '../entities/operation.entity';
import { newId } from '../new-id';
import { type AuditRecord, auditValues, insertAuditSql } from './audit.repository';

export interface NewOperation {
  kind: OperationKind;
  serverId: string | null;
  hostId: string | null;
  tenantId: string | null;
  /** Token's id, or `system`. */
  requestedBy: string;
  requestId: string;
  input: Record<string, unknown>;
}

const ACTIVE = In(['pending', 'running']);

/** The operation that holds the server, if any. */
export async function activeOperationOf(
  em: EntityManager,
  serverId: string,
): Promise<OperationEntity | null> {
  return em.findOne(OperationEntity, { where: { serverId, status: ACTIVE, waitsFor: IsNull() } });
}

/** The operation that stands in line behind it, if any. */
export async function waitingOperationOf(
  em: EntityManager,
  serverId: string,
): Promise<OperationEntity | null> {
  const [row] = await em
    .createQueryBuilder(OperationEntity, 'op')
    .where(`op.server_id = :serverId AND op.status IN ('pending','running') AND op.waits_for IS NOT NULL`, {
      serverId,
    })
    .getMany();
  return row ?? null;
}

function locked(running: OperationEntity): BerthError {
  return new BerthError('locked', `${running.kind} is ${running.status} on it (operation ${running.id})`, {
    operation_id: running.id,
  });
}

async function insertOperation(
  em: EntityManager,
  fresh: NewOperation,
  waitsFor: string | null,
  audit?: AuditRecord,
): Promise<OperationEntity> {
  const operation = em.create(OperationEntity, {
    ...fresh,
    id: newId(),
    input: operationInputs[fresh.kind].parse(fresh.input),
    status: 'pending',
    direction: 'forward',
    result: null,
    error: null,
    progress: 0,
    attempt: 0,
    fence: 0,
    workerId: null,
    leaseUntil: null,
    cancelRequestedAt: null,
    waitsFor,
    startedAt: null,
    finishedAt: null,
  });
  const steps = planOf(fresh.kind).steps.map(({ name }) => name);
  // Times are the database's: another machine's clock could put the operation's turn into the future.
  const rows: { at: Date }[] = await em.query(audit ? INSERT_AUDITED : INSERT_OPERATION, [
    operation.id,
    operation.kind,
    operation.serverId,
    operation.hostId,
    operation.tenantId,
    operation.requestedBy,
    operation.requestId,
    operation.input,
    waitsFor,
    steps,
    ...(audit ? auditValues(audit) : []),
  ]);
  operation.createdAt = operation.runAfter = rows[0]!.at;
  return operation;
}

/** The operation, its steps, and word for the dispatcher unless it waits: one round trip. */
const insertSql = (more = '') => `
  WITH operation AS (
    INSERT INTO operations (id, kind, server_id, host_id, tenant_id, requested_by, request_id, input, waits_for)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING created_at
  ), steps AS (
    INSERT INTO operation_steps (operation_id, position, name)
    SELECT $1, step.number - 1, step.name FROM unnest($10::text[]) WITH ORDINALITY AS step(name, number)
  ), ring AS (
    INSERT INTO outbox (operation_id) SELECT $1 WHERE $9::uuid IS NULL
  )${more}
  SELECT created_at AS at FROM operation`;
const INSERT_OPERATION = prepared('insert_operation', insertSql());
const INSERT_AUDITED = prepared('insert_audited_operation', insertSql(`, audit AS (${insertAuditSql(11)})`));

/** Leaves word for the dispatcher, in this transaction, to put the operation into the queue. */
export async function ringLater(em: EntityManager, operationId: string): Promise<void> {
  await em.query('INSERT INTO outbox (operation_id) VALUES ($1)', [operationId]);
}

/**
 * Writes the operation, its steps and the outbox row. The server's (or host's) row must be locked by the caller.
 * Throws `locked` with the id of the one under way.
 */
export async function createOperation(em: EntityManager, fresh: NewOperation): Promise<OperationEntity> {
  const running = fresh.serverId
    ? await activeOperationOf(em, fresh.serverId)
    : await em.findOne(OperationEntity, {
        where: { hostId: fresh.hostId ?? IsNull(), serverId: IsNull(), status: ACTIVE },
      });
  if (running) throw locked(running);
  return insertOperation(em, fresh, null);
}

/** As createOperation, for a server or host of this very transaction: nothing can be under way on it. Recorded by the way. */
export function createFirstOperation(
  em: EntityManager,
  fresh: NewOperation,
  audit: AuditRecord,
): Promise<OperationEntity> {
  return insertOperation(em, fresh, null, audit);
}

/**
 * As createOperation, but stands in line behind one under way, asking that one to stop where it still can.
 * The one that waits already is given back rather than a second one made, if it is of the same kind.
 */
export async function createOperationInLine(
  em: EntityManager,
  fresh: NewOperation & { serverId: string },
): Promise<OperationEntity> {
  const running = await activeOperationOf(em, fresh.serverId);
  if (!running) return insertOperation(em, fresh, null);
  if (running.kind === fresh.kind) return running;
  const waiting = await waitingOperationOf(em, fresh.serverId);
  if (waiting?.kind === fresh.kind) return waiting;
  if (waiting) throw locked(waiting);
  await requestCancel(em, running.id);
  return insertOperation(em, fresh, running.id);
}

/**
 * As createOperationInLine, but what is under way is left to its end: it may be what makes the server. One in line that is
 * of the kind `overtaken` is cancelled, since this one takes it back. Throws `locked` where another waits already.
 */
export async function createOperationBehind(
  em: EntityManager,
  fresh: NewOperation & { serverId: string },
  overtaken: OperationKind,
): Promise<OperationEntity> {
  const waiting = await waitingOperationOf(em, fresh.serverId);
  if (waiting?.kind === overtaken) await dropFromLine(em, waiting.id);
  else if (waiting && waiting.kind !== fresh.kind) throw locked(waiting);
  else if (waiting) return waiting;
  const running = await activeOperationOf(em, fresh.serverId);
  if (!running) return insertOperation(em, fresh, null);
  if (running.kind === fresh.kind && isSame(running.input, fresh.input)) return running;
  return insertOperation(em, fresh, running.id);
}

/** No worker takes one that waits; one that waits no more is left to run. */
async function dropFromLine(em: EntityManager, id: string): Promise<void> {
  await em.query(
    `UPDATE operations SET status = 'cancelled', waits_for = NULL, finished_at = clock_timestamp()
      WHERE id = $1 AND status = 'pending' AND waits_for IS NOT NULL`,
    [id],
  );
}

const isSame = (one: Record<string, unknown>, other: Record<string, unknown>): boolean =>
  Object.keys(other).every((name) => one[name] === other[name]);

/**
 * Notes the wish to cancel; the engine heeds it before the point of no return. One that no worker has taken yet is
 * rung for, so that it ends at once rather than at its next try. False where the operation has ended.
 */
export async function requestCancel(em: EntityManager, operationId: string): Promise<boolean> {
  const [rows]: [{ status: string }[], number] = await em.query(
    `UPDATE operations SET cancel_requested_at = coalesce(cancel_requested_at, now()), run_after = least(run_after, now())
      WHERE id = $1 AND status IN ('pending','running') RETURNING status`,
    [operationId],
  );
  if (rows[0]?.status === 'pending') await ringLater(em, operationId);
  return rows.length > 0;
}
