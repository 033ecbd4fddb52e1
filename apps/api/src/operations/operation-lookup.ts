import { OperationEntity } from '@berth/database';
import type { EntityManager } from 'typeorm';
import { isUuid, notFound } from '../http/reference';
import type { Caller } from '../http/request-context';

/** Billing sees those of tenants, not those of hosts. */
export function maySee(caller: Caller, { tenantId }: Pick<OperationEntity, 'tenantId'>): boolean {
  return tenantId === null ? caller.role === 'operator' : [null, tenantId].includes(caller.tenantId);
}

/** The operation, where this caller may see it. */
export async function findOperation(em: EntityManager, caller: Caller, id: string): Promise<OperationEntity> {
  const operation = isUuid(id) ? await em.findOneBy(OperationEntity, { id }) : null;
  if (!operation || !maySee(caller, operation)) throw notFound('operation', id);
  return operation;
}
