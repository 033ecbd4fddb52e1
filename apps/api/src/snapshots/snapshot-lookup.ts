import { lockSnapshot, SnapshotEntity, type ServerEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { type EntityManager, IsNull } from 'typeorm';
import { ownOnly } from '../auth/tenant-scope';
import { findByReference, notFound } from '../http/reference';
import type { Caller } from '../http/request-context';
import { lockServer } from '../servers/server-lookup';

/** The snapshot that an id or a name means, of those that this caller may see. Throws `not_found`, `conflict`. */
export function findSnapshot(em: EntityManager, caller: Caller, reference: string): Promise<SnapshotEntity> {
  const where = { ...ownOnly(caller), deletedAt: IsNull() };
  return findByReference(em, SnapshotEntity, 'snapshot', reference, where);
}

/** As findSnapshot, with the rows of its server and of itself locked, in this order, until the transaction ends. */
export async function lockSnapshotAndServer(
  em: EntityManager,
  caller: Caller,
  reference: string,
): Promise<{ snapshot: SnapshotEntity; server: ServerEntity }> {
  const found = await findSnapshot(em, caller, reference);
  const server = await lockServer(em, caller, found.serverId);
  return { server, snapshot: await lockFound(em, found) };
}

/** The row locked; what held the lock before may have deleted it. */
export async function lockFound(em: EntityManager, found: SnapshotEntity): Promise<SnapshotEntity> {
  const snapshot = await lockSnapshot(em, found.id);
  if (!snapshot) throw notFound('snapshot', found.id);
  return snapshot;
}

/** Throws `conflict` where nothing can be made of it. */
export function assertAvailable({ name, status }: SnapshotEntity): void {
  if (status === 'available') return;
  throw new BerthError('conflict', `the snapshot ${name} is ${status}; it must be available`, { status });
}
