import { ServerEntity } from '@berth/database';
import { type EntityManager, IsNull, MoreThan, Or } from 'typeorm';
import { ownOnly } from '../auth/tenant-scope';
import { findByReference } from '../http/reference';
import type { Caller } from '../http/request-context';

/** How long operators see deleted servers. */
export const DELETED_VISIBLE_MS = 30 * 24 * 3600_000;

export const deletedVisibleSince = (): Date => new Date(Date.now() - DELETED_VISIBLE_MS);

/** Since when deleted servers are shown too, to those who may see them and ask for it; null: none are. */
export const deletedSinceFor = (caller: Caller, withDeleted: boolean): Date | null =>
  withDeleted && caller.role === 'operator' ? deletedVisibleSince() : null;

/** The server that an id or a name means, of those that this caller may see. Throws `not_found`, `conflict`. */
export async function findServer(
  em: EntityManager,
  caller: Caller,
  reference: string,
  withDeleted = false,
): Promise<ServerEntity> {
  const since = deletedSinceFor(caller, withDeleted);
  const deletedAt = since ? Or(IsNull(), MoreThan(since)) : IsNull();
  return findByReference(em, ServerEntity, 'server', reference, { ...ownOnly(caller), deletedAt });
}

/**
 * As findServer, its row locked until the transaction ends. What held the lock before may have deleted it: that is
 * `not_found` as well.
 */
export async function lockServer(
  em: EntityManager,
  caller: Caller,
  reference: string,
): Promise<ServerEntity> {
  const { id } = await findServer(em, caller, reference);
  await em.query('SELECT 1 FROM servers WHERE id = $1 FOR UPDATE', [id]);
  return findServer(em, caller, id);
}
