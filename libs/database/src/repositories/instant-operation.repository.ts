import { operationInputs } from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import { OperationEntity } from '../entities/operation.entity';
import { newId } from '../new-id';
import type { NewOperation } from './operation.repository';

/**
 * Writes an operation that has succeeded already: its change was made in this transaction, and no host is concerned.
 * It takes no part in "one operation at a time".
 */
export async function recordInstantOperation(
  em: EntityManager,
  fresh: NewOperation,
): Promise<OperationEntity> {
  const now = new Date();
  const operation = em.create(OperationEntity, {
    ...fresh,
    id: newId(),
    input: operationInputs[fresh.kind].parse(fresh.input),
    status: 'succeeded',
    direction: 'forward',
    result: null,
    error: null,
    progress: 100,
    attempt: 1,
    fence: 0,
    workerId: null,
    leaseUntil: null,
    runAfter: now,
    cancelRequestedAt: null,
    waitsFor: null,
    createdAt: now,
    startedAt: now,
    finishedAt: now,
  });
  await em.insert(OperationEntity, operation as never);
  return operation;
}
