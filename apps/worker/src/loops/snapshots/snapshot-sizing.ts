import { inTransaction, recordAudit, setSnapshotSize, SnapshotEntity } from '@berth/database';
import { containerIdOf } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectLog, type Log } from '../../core/log';
import { hostRecordSql, type HostRecord } from '../../hosts/host-record';
import { HostRuntimes } from '../../hosts/host-runtimes';
import { sizeOf } from '../../steps/snapshot.steps';
import { lockIdleServer } from '../observer/observed-changes';

/** A server some of whose snapshots are due. */
export interface SizedServer {
  serverId: string;
  containerId: string;
  host: HostRecord;
  snapshotIds: string[];
}

/** Claimed by the time of the count itself: a worker that dies meanwhile leaves them to the next round. */
const CLAIM = `
  WITH due AS (
    SELECT n.server_id FROM snapshots n JOIN servers s ON s.id = n.server_id JOIN hosts h ON h.id = s.host_id
     WHERE n.status = 'available' AND n.sized_at < clock_timestamp() - $1 * interval '1 ms'
       AND h.reachable AND h.state IN ('active','cordoned')
     ORDER BY n.sized_at LIMIT $2 FOR UPDATE OF n SKIP LOCKED
  ), claimed AS (
    UPDATE snapshots SET sized_at = clock_timestamp()
     WHERE server_id IN (SELECT server_id FROM due) AND status = 'available' RETURNING id, server_id
  )
  SELECT s.id AS "serverId", s.number, ${hostRecordSql('h')} AS host, array_agg(c.id) AS "snapshotIds"
    FROM claimed c JOIN servers s ON s.id = c.server_id JOIN hosts h ON h.id = s.host_id GROUP BY s.id, h.id`;

/** Counts the snapshots of one server at a time, and notices those that are gone from the host. */
@Injectable()
export class SnapshotSizing {
  constructor(
    @InjectLog() private readonly log: Log,
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
  ) {}

  claim(intervalMs: number, count: number): Promise<SizedServer[]> {
    return inTransaction(this.dataSource, async (em) => {
      const rows: (Omit<SizedServer, 'containerId'> & { number: string })[] = await em.query(CLAIM, [
        intervalMs,
        count,
      ]);
      return rows.map(({ number, ...rest }) => ({ ...rest, containerId: containerIdOf(Number(number)) }));
    });
  }

  /** Throws what the host throws. */
  async measure({ serverId, containerId, host, snapshotIds }: SizedServer): Promise<void> {
    const takenAt = performance.now();
    const listed = await this.runtimes.of(host).listSnapshots(containerId);
    const sizes = new Map(listed.map((one) => [one.id, sizeOf(one)]));
    await inTransaction(this.dataSource, async (em) => {
      for (const id of snapshotIds) {
        const size = sizes.get(id);
        if (size !== undefined) await setSnapshotSize(em, id, size);
      }
    });
    const missing = snapshotIds.filter((id) => !sizes.has(id));
    if (missing.length === 0) return;
    await inTransaction(this.dataSource, async (em) => {
      if (await lockIdleServer(em, serverId, host.id, { takenAt })) await this.markMissing(em, host, missing);
    });
  }

  private async markMissing(em: EntityManager, host: HostRecord, ids: string[]): Promise<void> {
    for (const id of ids) {
      const snapshot = await em.findOneByOrFail(SnapshotEntity, { id });
      if (snapshot.status !== 'available') continue;
      await em.update(SnapshotEntity, { id }, { status: 'error' });
      await recordAudit(em, {
        actor: 'observer',
        role: 'system',
        tenantId: snapshot.tenantId,
        action: 'snapshot.missing',
        targetType: 'snapshot',
        targetId: id,
        requestId: 'observer',
        details: { server_id: snapshot.serverId, why: `it is gone from ${host.name}` },
      });
      this.log.warn({ host: host.name, snapshot: id }, 'a snapshot is gone from its host');
    }
  }
}
