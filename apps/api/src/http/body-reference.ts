import { BerthError } from '@berth/domain';
import type { EntityManager, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { findByReference } from './reference';
import { invalidField } from './validation.pipe';

/**
 * As findByReference, for a reference in a body: the field named `field` refers to something unknown, which is bad input
 * (400) rather than a missing page (404).
 */
export async function namedReference<E extends ObjectLiteral & { id: string; name: string }>(
  em: EntityManager,
  entity: EntityTarget<E>,
  field: string,
  reference: string,
  where: FindOptionsWhere<E>,
): Promise<E> {
  try {
    return await findByReference(em, entity, field, reference, where);
  } catch (error) {
    if (error instanceof BerthError && error.code === 'not_found') throw invalidField(field, error.message);
    throw error;
  }
}
