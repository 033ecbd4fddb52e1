import { OperationEntity } from '@berth/database';
import type { EntityManager } from 'typeorm';
import { ownOnly } from '../auth/tenant-scope';
import { isUuid, notFound } from '../http/reference';
import type { Caller } from '../http/request-context';

/** The operation, where this caller may see it; billing sees those of tenants, not those of hosts. */
export async function findOperation(em: EntityManager, caller: Caller, id: string): Promise<OperationEntity> {
  const operation = isUuid(id) ? await em.findOneBy(OperationEntity, { id, ...ownOnly(caller) }) : null;
  if (!operation || (caller.role !== 'operator' && operation.tenantId === null))
    throw notFound('operation', id);
  return operation;
}
