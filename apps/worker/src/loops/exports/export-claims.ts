import { inTransaction } from '@berth/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

export interface ExportClaim {
  sink: string;
  /** Fence: the sink is this claim's until there is a higher one. */
  claim: string;
  /** Records up to here are done. */
  seq: string;
  /** In a row, before this claim. */
  failures: number;
}

/** A worker that died with a claim: another goes on after this time, ms. Longer than one `send` takes. */
const LEASE_MS = 60_000;

/** Who tells which sink: one worker at a time, so that a sink hears of records in their order. */
@Injectable()
export class ExportClaims {
  constructor(private readonly dataSource: DataSource) {}

  /** Null where the sink isn't due, or another worker has it. */
  async claim(sink: string): Promise<ExportClaim | null> {
    await this.dataSource.query('INSERT INTO usage_exports (sink) VALUES ($1) ON CONFLICT DO NOTHING', [
      sink,
    ]);
    const [rows]: [ExportClaim[], number] = await this.dataSource.query(
      `UPDATE usage_exports SET claim = claim + 1, claimed_until = clock_timestamp() + $2 * interval '1 ms'
        WHERE sink = $1 AND due_at <= clock_timestamp() AND claimed_until < clock_timestamp()
        RETURNING sink, claim, seq, failures`,
      [sink, LEASE_MS],
    );
    return rows[0] ?? null;
  }

  /**
   * Notes that records up to `seq` are done, with what else `work` writes, and renews the lease. Throws where the claim was
   * lost: nothing is written then, and who has it sends the same again.
   */
  async advance(
    { sink, claim }: ExportClaim,
    seq: string,
    work: (em: EntityManager) => Promise<void> = async () => undefined,
  ): Promise<void> {
    await inTransaction(this.dataSource, async (em) => {
      const [, count]: [unknown[], number] = await em.query(
        `UPDATE usage_exports SET seq = greatest(seq, $3), exported_at = clock_timestamp(),
                claimed_until = clock_timestamp() + $4 * interval '1 ms'
          WHERE sink = $1 AND claim = $2`,
        [sink, claim, seq, LEASE_MS],
      );
      if (count === 0) throw new LostClaim(`another worker tells ${sink} of usage`);
      await work(em);
    });
  }

  /** Ends the claim, unless it was lost. `why`: what went wrong, null where nothing did. */
  async end({ sink, claim }: ExportClaim, waitMs: number, why: string | null): Promise<void> {
    await this.dataSource.query(
      `UPDATE usage_exports SET claimed_until = '-infinity', due_at = clock_timestamp() + $3 * interval '1 ms', last_error = $4,
              failures = CASE WHEN $4::text IS NULL THEN 0 ELSE failures + 1 END
        WHERE sink = $1 AND claim = $2`,
      [sink, claim, waitMs, why],
    );
  }
}

export class LostClaim extends Error {}
