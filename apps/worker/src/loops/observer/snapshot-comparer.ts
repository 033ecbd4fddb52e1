import type { ServerStatus } from '@berth/contracts';
import { containerIdOf, serverNumberOf } from '@berth/domain';
import type { ContainerState, HostSnapshot } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** A server whose host shows something else than the database says. */
export interface ServerDifference {
  serverId: string;
  containerId: string;
  status: ServerStatus;
  checkpointed: boolean;
  /** Null: the host has no such container. */
  seen: ContainerState | null;
}

export interface OpenFinding {
  kind: 'unknown_container' | 'missing_container';
  subject: string;
  /** The finding's server was deleted since. */
  serverGone: boolean;
  /** Time to note that it is still so. */
  stale: boolean;
}

export interface Differences {
  servers: ServerDifference[];
  /** Containers that the database knows nothing of. */
  unknown: string[];
  openFindings: OpenFinding[];
}

export interface TakenSnapshot extends HostSnapshot {
  hostId: string;
  /** `performance.now()` just before the host was asked. */
  takenAt: number;
}

/** What was written within so many ms before a snapshot may or may not be in it. */
const MARGIN_MS = 500;
/** Snapshots that come in within this time are compared by the same queries, ms. */
const GATHER_MS = 20;
const BATCH = 100;

interface Waiting {
  snapshot: TakenSnapshot;
  resolve: (differences: Differences) => void;
  reject: (error: Error) => void;
}

/** How far back the database has to be looked at for this snapshot, ms: its own clock says what that means. */
export function ageOf(snapshot: Pick<TakenSnapshot, 'takenAt'>): number {
  return performance.now() - snapshot.takenAt + MARGIN_MS;
}

const SEEN = `seen AS (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS c(host_id, number, state))`;

/** Servers under way in an operation are looked at again when that has ended. */
const DIFFERING = `
  WITH ${SEEN}, differing AS MATERIALIZED (
    SELECT s.host_id, s.id, s.number, s.status, s.checkpointed, seen.state
      FROM servers s LEFT JOIN seen ON seen.host_id = s.host_id AND seen.number = s.number
     WHERE s.host_id = ANY ($4::uuid[]) AND s.deleted_at IS NULL AND s.status IN ('running','stopped','frozen','error') 
       AND seen.state IS DISTINCT FROM CASE WHEN s.checkpointed THEN 'checkpointed' ELSE s.status END
       AND NOT (s.status = 'error' AND seen.state IS NULL))
  SELECT d.* FROM differing d
   WHERE NOT EXISTS (SELECT FROM operations o WHERE o.server_id = d.id AND o.status IN ('pending','running'))`;

const UNKNOWN = `
  WITH ${SEEN}, looked AS (SELECT * FROM unnest($4::uuid[], $5::double precision[]) AS h(id, age_ms))
  SELECT seen.host_id, seen.number FROM seen JOIN looked ON looked.id = seen.host_id
    LEFT JOIN servers s ON s.number = seen.number AND s.host_id = seen.host_id
         AND (s.deleted_at IS NULL OR s.deleted_at > clock_timestamp() - looked.age_ms * interval '1 ms')
   WHERE s.id IS NULL
     -- Of a server on its way both hosts may have something, and had until a moment ago.
     AND NOT EXISTS (SELECT FROM servers t JOIN server_migrations m ON m.server_id = t.id
                      WHERE t.number = seen.number AND seen.host_id IN (m.source_host_id, m.target_host_id)
                        AND (m.ended_at IS NULL OR m.ended_at > clock_timestamp() - looked.age_ms * interval '1 ms'))`;

const OPEN_FINDINGS = `
  SELECT d.host_id, d.kind, d.subject,
         d.server_id IS NOT NULL AND NOT EXISTS (SELECT FROM servers s WHERE s.id = d.server_id AND s.deleted_at IS NULL) AS gone,
         d.last_seen_at < now() - interval '30 seconds' AS stale
    FROM drift_findings d
   WHERE d.resolved_at IS NULL AND d.host_id = ANY ($1::uuid[]) AND d.kind IN ('unknown_container','missing_container')`;

interface DifferenceRow {
  host_id: string;
  id: string;
  number: string;
  status: ServerStatus;
  checkpointed: boolean;
  state: ContainerState | null;
}
interface FindingRow {
  host_id: string;
  kind: OpenFinding['kind'];
  subject: string;
  gone: boolean;
  stale: boolean;
}

/** Holds hosts' snapshots against the database: many at a time, and Postgres tells the differences only. */
@Injectable()
export class SnapshotComparer {
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly dataSource: DataSource) {}

  compare(snapshot: TakenSnapshot): Promise<Differences> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ snapshot, resolve, reject });
      if (this.waiting.length >= BATCH) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
    });
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const batch = this.waiting;
    this.waiting = [];
    this.compareBatch(batch.map(({ snapshot }) => snapshot)).then(
      (found) => batch.forEach(({ snapshot, resolve }) => resolve(found.get(snapshot.hostId)!)),
      (error: Error) => batch.forEach(({ reject }) => reject(error)),
    );
  }

  private async compareBatch(snapshots: readonly TakenSnapshot[]): Promise<Map<string, Differences>> {
    const found = new Map<string, Differences>(
      snapshots.map(({ hostId }) => [hostId, { servers: [], unknown: [], openFindings: [] }]),
    );
    const hosts = snapshots.map(({ hostId }) => hostId);
    const seen = snapshots.flatMap(({ hostId, containers }) =>
      containers.map(({ id, state }) => ({ hostId, id, number: serverNumberOf(id), state })),
    );
    const numbered = seen.filter(({ number }) => number !== null);
    const containers = [
      numbered.map(({ hostId }) => hostId),
      numbered.map(({ number }) => number),
      numbered.map(({ state }) => state),
    ];
    const [differing, unknown, findings]: [
      DifferenceRow[],
      { host_id: string; number: string }[],
      FindingRow[],
    ] = await Promise.all([
      this.dataSource.query(DIFFERING, [...containers, hosts]),
      this.dataSource.query(UNKNOWN, [...containers, hosts, snapshots.map(ageOf)]),
      this.dataSource.query(OPEN_FINDINGS, [hosts]),
    ]);
    for (const { host_id, id, number, status, checkpointed, state } of differing) {
      const containerId = containerIdOf(Number(number));
      found.get(host_id)!.servers.push({ serverId: id, containerId, status, checkpointed, seen: state });
    }
    for (const { host_id, number } of unknown)
      found.get(host_id)!.unknown.push(containerIdOf(Number(number)));
    for (const { hostId, id, number } of seen) if (number === null) found.get(hostId)!.unknown.push(id);
    for (const { host_id, kind, subject, gone, stale } of findings)
      found.get(host_id)!.openFindings.push({ kind, subject, serverGone: gone, stale });
    return found;
  }
}
