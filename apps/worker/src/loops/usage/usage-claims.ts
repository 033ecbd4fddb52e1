import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { hostRecordSql, type HostRecord } from '../../hosts/host-record';

export interface UsageClaim {
  host: HostRecord;
  /** Fence: the host is this claim's until there is a higher one. */
  claim: number;
}

/** Who samples which host: a claim lasts from the question to the written answer, or until its lease ends. */
@Injectable()
export class UsageClaims {
  constructor(private readonly dataSource: DataSource) {}

  /** Hosts that nobody has sampled yet are due at once. */
  async addNewHosts(): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO usage_hosts (host_id) SELECT id FROM hosts h WHERE state IN ('active','cordoned')
          AND NOT EXISTS (SELECT 1 FROM usage_hosts u WHERE u.host_id = h.id) ON CONFLICT DO NOTHING`,
    );
  }

  /** Takes hosts that are due and nobody's, the longest due first. `silent`: those that failed the last time, or that the observer gets no answer from. */
  async claim(count: number, silent: boolean, leaseMs: number): Promise<UsageClaim[]> {
    const [rows]: [{ host: HostRecord; claim: string }[], number] = await this.dataSource.query(
      `UPDATE usage_hosts u SET claim = u.claim + 1, claimed_until = clock_timestamp() + $3 * interval '1 ms'
         FROM hosts h
        WHERE h.id = u.host_id AND u.host_id IN (
              SELECT d.host_id FROM usage_hosts d JOIN hosts dh ON dh.id = d.host_id
               WHERE d.due_at <= clock_timestamp() AND d.claimed_until < clock_timestamp() AND (d.failures > 0 OR NOT dh.reachable) = $2
                 AND dh.state IN ('active','cordoned')
               ORDER BY d.due_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
        RETURNING u.claim, ${hostRecordSql('h')} AS host`,
      [count, silent, leaseMs],
    );
    return rows.map(({ host, claim }) => ({ host, claim: Number(claim) }));
  }

  /**
   * Ends a claim and sets the next time. False where it isn't ours any more: nothing that was learnt under it may be written.
   * `why`: what went wrong, null where nothing did.
   */
  async end(
    em: EntityManager,
    { host, claim }: UsageClaim,
    intervalMs: number,
    why: string | null,
  ): Promise<boolean> {
    const [, count]: [unknown[], number] = await em.query(
      `UPDATE usage_hosts SET claimed_until = '-infinity', last_error = $4,
              failures = CASE WHEN $4::text IS NULL THEN 0 ELSE failures + 1 END,
              sampled_at = CASE WHEN $4::text IS NULL THEN clock_timestamp() ELSE sampled_at END,
              due_at = CASE WHEN due_at + $3 * interval '1 ms' > clock_timestamp() THEN due_at ELSE clock_timestamp() END
                       + $3 * interval '1 ms'
        WHERE host_id = $1 AND claim = $2`,
      [host.id, claim, intervalMs, why],
    );
    return count === 1;
  }
}
