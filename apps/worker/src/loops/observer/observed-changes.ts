import type { ServerStatus } from '@berth/contracts';
import { inTransaction, recordAudit, reportDrift, resolveDrift, ServerEntity } from '@berth/database';
import { mayObserve } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { HostRecord } from '../../hosts/host-record';
import { ageOf, type Differences, type ServerDifference, type TakenSnapshot } from './snapshot-comparer';

/** Locks a server that may be changed by what a snapshot shows; null where that is no longer so. */
export async function lockIdleServer(
  em: EntityManager,
  serverId: string,
  hostId: string,
  snapshot: Pick<TakenSnapshot, 'takenAt'>,
): Promise<ServerEntity | null> {
  const server = await em.findOne(ServerEntity, {
    where: { id: serverId, hostId },
    lock: { mode: 'pessimistic_write' },
  });
  if (!server || server.deletedAt) return null;
  // Under the lock no operation begins, since its request takes the same one; what ended meanwhile makes the snapshot stale.
  const busy: unknown[] = await em.query(
    `SELECT FROM operations WHERE server_id = $1
        AND (status IN ('pending','running') OR finished_at > clock_timestamp() - $2 * interval '1 ms') LIMIT 1`,
    [serverId, ageOf(snapshot)],
  );
  return busy.length > 0 ? null : server;
}

/** Status and wish change as the host shows; only what the transition table allows. Audited. */
export async function moveServer(
  em: EntityManager,
  server: ServerEntity,
  change: { status: ServerStatus; checkpointed?: boolean; desiredState?: 'running' | 'stopped' },
  why: string,
): Promise<void> {
  if (server.status !== change.status && !mayObserve(server.status, change.status)) return;
  await em.update(ServerEntity, { id: server.id }, change);
  await recordAudit(em, {
    actor: 'observer',
    role: 'system',
    tenantId: server.tenantId,
    action: 'server.observed',
    targetType: 'server',
    targetId: server.id,
    requestId: 'observer',
    details: { from: server.status, to: change.status, why },
  });
}

/** Writes what snapshots show. Each change is a transaction that looks again before it writes. */
@Injectable()
export class ObservedChanges {
  constructor(private readonly dataSource: DataSource) {}

  async follow(host: HostRecord, difference: ServerDifference, snapshot: TakenSnapshot): Promise<void> {
    await inTransaction(this.dataSource, async (em) => {
      const server = await lockIdleServer(em, difference.serverId, host.id, snapshot);
      if (!server || server.status !== difference.status || server.checkpointed !== difference.checkpointed)
        return;
      switch (difference.seen) {
        case null:
          await moveServer(em, server, { status: 'error' }, 'its container is gone from the host');
          return reportDrift(em, {
            kind: 'missing_container',
            hostId: host.id,
            serverId: server.id,
            subject: difference.containerId,
            message: `${host.name} has no container ${difference.containerId}, which the server ${server.name} is`,
          });
        case 'running':
          return moveServer(
            em,
            server,
            { status: 'running', desiredState: 'running' },
            'it was started on the host',
          );
        case 'stopped':
          return moveServer(
            em,
            server,
            { status: 'stopped', desiredState: 'stopped' },
            'it was powered off inside, or stopped on the host',
          );
        case 'frozen':
          return moveServer(
            em,
            server,
            { status: 'frozen', checkpointed: false },
            'it was frozen on the host',
          );
        case 'checkpointed':
          return moveServer(
            em,
            server,
            { status: 'frozen', checkpointed: true },
            'it was frozen to disk on the host',
          );
      }
    });
  }

  async reportUnknown(host: HostRecord, containerId: string): Promise<void> {
    await reportDrift(this.dataSource.manager, {
      kind: 'unknown_container',
      hostId: host.id,
      subject: containerId,
      message: `${host.name} has a container ${containerId} that the database knows nothing of`,
    });
  }

  /** Closes findings that are no longer so, and notes those that still are. */
  async settleFindings(host: HostRecord, snapshot: TakenSnapshot, differences: Differences): Promise<void> {
    const there = new Set(snapshot.containers.map(({ id }) => id));
    const stillUnknown = new Set(differences.unknown);
    const isOpen = {
      unknown_container: (subject: string) => stillUnknown.has(subject),
      missing_container: (subject: string, gone: boolean) => !gone && !there.has(subject),
    };
    for (const kind of ['unknown_container', 'missing_container'] as const) {
      const ofKind = differences.openFindings.filter((finding) => finding.kind === kind);
      const open = ofKind.filter(({ subject, serverGone }) => isOpen[kind](subject, serverGone));
      const subjects = open.map(({ subject }) => subject);
      if (open.length < ofKind.length) await resolveDrift(this.dataSource.manager, host.id, kind, subjects);
      if (open.some(({ stale }) => stale))
        await this.dataSource.query(
          `UPDATE drift_findings SET last_seen_at = now() WHERE host_id = $1 AND kind = $2 AND resolved_at IS NULL`,
          [host.id, kind],
        );
    }
  }
}
