import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectWorkerId } from '../../core/worker-options';
import { hostRecordSql, type HostRecord } from '../../hosts/host-record';

/** Hosts claimed or renewed by one statement: their rows are locked for its time, and orders want them too. */
const BATCH = 200;

export interface ClaimedHost {
  host: HostRecord;
  reachable: boolean;
  /** Changes whenever somebody changes the host. */
  version: string;
}

interface Row {
  host: HostRecord;
  reachable: boolean;
  version: string;
}

const CLAIMED_COLUMNS = `${hostRecordSql('h')} AS host, h.reachable, h.updated_at::text || h.state AS version`;

/** Which hosts this worker watches: each host is watched by one, until its lease in `hosts.observer_until` ends. */
@Injectable()
export class HostClaims {
  constructor(
    private readonly dataSource: DataSource,
    @InjectWorkerId() private readonly workerId: string,
  ) {}

  /** Claims hosts that nobody watches, up to a batch. */
  async claim(leaseMs: number): Promise<ClaimedHost[]> {
    const [rows]: [Row[], number] = await this.dataSource.query(
      `UPDATE hosts h SET observer_id = $1, observer_until = clock_timestamp() + $2 * interval '1 ms'
        WHERE h.id IN (SELECT id FROM hosts
                        WHERE state IN ('active','cordoned') AND (observer_until IS NULL OR observer_until < clock_timestamp())
                        ORDER BY id LIMIT ${BATCH} FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING ${CLAIMED_COLUMNS}`,
      [this.workerId, leaseMs],
    );
    return rows;
  }

  /**
   * Extends the lease, and notes which hosts were seen since the last time. Gives the versions of those still ours; a row
   * that an order holds right now is left for the next time, with `undefined`.
   */
  async renew(held: readonly { id: string; seen: boolean }[], leaseMs: number): Promise<Map<string, string>> {
    const versions = new Map<string, string>();
    for (let at = 0; at < held.length; at += BATCH) {
      const batch = held.slice(at, at + BATCH);
      const [rows]: [{ id: string; version: string }[], number] = await this.dataSource.query(
        `WITH free AS (
           SELECT h.id FROM hosts h WHERE h.id = ANY ($2::uuid[]) AND h.observer_id = $1
              AND h.state IN ('active','cordoned') ORDER BY h.id FOR NO KEY UPDATE SKIP LOCKED)
         UPDATE hosts h SET observer_until = clock_timestamp() + $4 * interval '1 ms',
                last_seen_at = CASE WHEN h.id = ANY ($3::uuid[]) THEN clock_timestamp() ELSE h.last_seen_at END
           FROM free WHERE h.id = free.id RETURNING h.id, h.updated_at::text || h.state AS version`,
        [
          this.workerId,
          batch.map(({ id }) => id),
          batch.filter(({ seen }) => seen).map(({ id }) => id),
          leaseMs,
        ],
      );
      for (const { id, version } of rows) versions.set(id, version);
    }
    return versions;
  }

  /** The hosts as they are now, of those that are still ours to watch. */
  async read(ids: readonly string[]): Promise<ClaimedHost[]> {
    if (ids.length === 0) return [];
    return this.dataSource.query(
      `SELECT ${CLAIMED_COLUMNS} FROM hosts h
        WHERE h.id = ANY ($2::uuid[]) AND h.observer_id = $1 AND h.state IN ('active','cordoned')
          AND h.observer_until > clock_timestamp()`,
      [this.workerId, [...ids]],
    );
  }

  /** Lets go of all, so that another worker need not wait for the leases. */
  async release(): Promise<void> {
    await this.dataSource.query(
      'UPDATE hosts SET observer_id = NULL, observer_until = NULL WHERE observer_id = $1',
      [this.workerId],
    );
  }

  async setReachable(hostId: string, reachable: boolean, lastError: string | null): Promise<void> {
    await this.dataSource.query(
      `UPDATE hosts SET reachable = $3, last_error = $4, last_seen_at = CASE WHEN $3 THEN clock_timestamp() ELSE last_seen_at END
        WHERE id = $2 AND observer_id = $1`,
      [this.workerId, hostId, reachable, lastError],
    );
  }

  async setBootId(hostId: string, bootId: string): Promise<void> {
    await this.dataSource.query('UPDATE hosts SET boot_id = $3 WHERE id = $2 AND observer_id = $1', [
      this.workerId,
      hostId,
      bootId,
    ]);
  }
}
