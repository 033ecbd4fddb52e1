import { BerthError } from '@berth/domain';
import { type EntityManager, IsNull } from 'typeorm';
import type { ServerEntity } from '../entities/server.entity';
import { SnapshotEntity } from '../entities/snapshot.entity';

/** Of one server: each one more makes every write of the server, and counting its disk, a little slower. */
export const MOST_SNAPSHOTS = 64;

/**
 * Writes a snapshot that is about to be taken of a server whose row is locked. Throws `conflict` where it has as many as
 * it can have; `quota_exceeded` comes from the trigger, `uniqueness_error` from the index of names.
 */
export async function reserveSnapshot(
  em: EntityManager,
  server: ServerEntity,
  wish: Pick<SnapshotEntity, 'id' | 'name' | 'memory'>,
): Promise<SnapshotEntity> {
  const count = await em.countBy(SnapshotEntity, { serverId: server.id, deletedAt: IsNull() });
  if (count >= MOST_SNAPSHOTS) {
    throw new BerthError('conflict', `the server has ${count} snapshots, as many as one can have`, {
      limit: MOST_SNAPSHOTS,
    });
  }
  const snapshot = em.create(SnapshotEntity, {
    serverId: server.id,
    tenantId: server.tenantId,
    ...wish,
    status: 'creating',
    sizeBytes: 0,
    templateId: server.templateId,
    planId: server.planId,
    limits: server.limits,
    features: server.features,
    deletedAt: null,
  });
  await em.insert(SnapshotEntity, snapshot as never);
  return em.findOneByOrFail(SnapshotEntity, { id: snapshot.id });
}

/** The snapshot, its row locked; null where it is gone. */
export async function lockSnapshot(em: EntityManager, id: string): Promise<SnapshotEntity | null> {
  return em.findOne(SnapshotEntity, {
    where: { id, deletedAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
  });
}

/** Id of a clone of it that is under way; null: none. Whoever makes one holds the snapshot's lock. */
export async function cloneUnderWayOf(em: EntityManager, snapshotId: string): Promise<string | null> {
  const rows: { id: string }[] = await em.query(
    // A clone is its server's first operation, and waits for none: the index of what is due has it.
    `SELECT id FROM operations WHERE status IN ('pending','running') AND waits_for IS NULL AND kind = 'clone_server'
        AND input ->> 'snapshot_id' = $1 LIMIT 1`,
    [snapshotId],
  );
  return rows[0]?.id ?? null;
}

/** What the host counted. Written where it differs, so that nobody's quota row is locked for nothing. */
export async function setSnapshotSize(em: EntityManager, id: string, bytes: number): Promise<void> {
  await em.query(
    `UPDATE snapshots SET size_bytes = $2, sized_at = clock_timestamp() WHERE id = $1 AND deleted_at IS NULL AND size_bytes <> $2`,
    [id, bytes],
  );
}
