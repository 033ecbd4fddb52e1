import type { EntityManager } from 'typeorm';
import { hostRecordSql, type HostRecord } from './host-record';

/** Null where there is no such host. */
export async function findHost(em: EntityManager, hostId: string): Promise<HostRecord | null> {
  const rows: { host: HostRecord }[] = await em.query(
    `SELECT ${hostRecordSql('h')} AS host FROM hosts h WHERE h.id = $1`,
    [hostId],
  );
  return rows[0]?.host ?? null;
}
