import { BerthError } from '@berth/domain';
import type { EntityManager, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Longer, or with control characters, can't be anything's name. */
const NAME = /^[^\p{C}]{1,253}$/u;

export const mayBeName = (text: string): boolean => NAME.test(text);
export const isUuid = (text: string): boolean => UUID.test(text);

export const notFound = (kind: string, reference: string): BerthError =>
  new BerthError('not_found', `there is no ${kind} ${JSON.stringify(reference.slice(0, 100))}`);

interface Named extends ObjectLiteral {
  id: string;
  name: string;
}

/**
 * The thing that an id or a name means, among those that fit `where`. What looks like an id is only looked up as one.
 * Throws `not_found`, or `conflict` where several have the name.
 */
export async function findByReference<E extends Named>(
  em: EntityManager,
  entity: EntityTarget<E>,
  kind: string,
  reference: string,
  where: FindOptionsWhere<E>,
): Promise<E> {
  if (!isUuid(reference) && !mayBeName(reference)) throw notFound(kind, reference);
  const key = isUuid(reference) ? { id: reference.toLowerCase() } : { name: reference };
  const found = await em.find(entity, { where: { ...where, ...key }, take: 2 });
  if (found.length > 1) {
    throw new BerthError('conflict', `several have the name ${reference}: use the id`, { name: reference });
  }
  if (!found[0]) throw notFound(kind, reference);
  return found[0];
}
