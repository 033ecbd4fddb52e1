import type { SnapshotView } from '@berth/contracts';
import type { SnapshotEntity } from '@berth/database';
import type { EntityManager } from 'typeorm';
import { isoTime } from '../http/time';

export async function presentSnapshots(
  em: EntityManager,
  snapshots: SnapshotEntity[],
): Promise<SnapshotView[]> {
  const rows: { id: string; name: string }[] = await em.query(
    `SELECT id, name FROM templates WHERE id = ANY ($1::uuid[]) UNION ALL SELECT id, name FROM plans WHERE id = ANY ($2::uuid[])`,
    [snapshots.map(({ templateId }) => templateId), snapshots.map(({ planId }) => planId)],
  );
  const nameOf = new Map(rows.map(({ id, name }) => [id, name]));
  return snapshots.map((snapshot) => ({
    id: snapshot.id,
    name: snapshot.name,
    server_id: snapshot.serverId,
    tenant_id: snapshot.tenantId,
    status: snapshot.status,
    memory: snapshot.memory,
    size_bytes: snapshot.sizeBytes,
    template: nameOf.get(snapshot.templateId)!,
    plan: nameOf.get(snapshot.planId)!,
    created_at: isoTime(snapshot.createdAt),
  }));
}

export async function presentSnapshot(em: EntityManager, snapshot: SnapshotEntity): Promise<SnapshotView> {
  return (await presentSnapshots(em, [snapshot]))[0]!;
}
