import {
  type ExportedUsage,
  forgetReject,
  readRejectsToRetry,
  readUsageToExport,
  setAsideUsage,
  settledUsageSeq,
} from '@berth/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLog, type Log } from '../../core/log';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import { ExportClaims, type ExportClaim } from './export-claims';
import { SinkError, type UsageSink } from './usage-sink';

/** Rejected records that are tried again at a time. */
const RETRIES = 100;

export interface ExportCounts {
  sent(count: number): void;
  rejected(): void;
}

/** Tells a sink of all records that it has not heard of, in their order. */
@Injectable()
export class UsageExporter {
  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    @InjectLog() private readonly log: Log,
    private readonly dataSource: DataSource,
    private readonly claims: ExportClaims,
  ) {}

  /**
   * Progress is noted after each batch that the sink has taken: killed in between, the batch comes again, and nothing is left
   * out. Where a batch is refused, half of it is tried, and so on down to the one record that it is about, which is set aside.
   * Throws SinkError `unavailable`, LostClaim.
   */
  async export(
    sink: UsageSink,
    claim: ExportClaim,
    counts: ExportCounts,
    signal: AbortSignal,
  ): Promise<void> {
    await this.retryRejects(sink, claim, counts, signal);
    const { since } = this.options.config.usageExport;
    const upTo = await settledUsageSeq(this.dataSource, claim.seq);
    let after = claim.seq;
    let size = sink.batchSize;
    while (!signal.aborted) {
      const records = await readUsageToExport(this.dataSource.manager, { after, upTo, since, limit: size });
      const last = records.at(-1)?.seq ?? upTo;
      const refusal = records.length === 0 ? null : await refusalOf(sink, records, signal);
      if (refusal !== null && records.length > 1) {
        size = Math.ceil(records.length / 2);
        await this.claims.advance(claim, after); // For the lease: narrowing down takes a while.
        continue;
      }
      await this.claims.advance(claim, last, async (em) => {
        if (refusal !== null) await setAsideUsage(em, sink.name, records[0]!.id, refusal);
      });
      if (refusal === null) counts.sent(records.length);
      else this.told(sink, records[0]!, refusal, counts);
      if (last === upTo) return;
      after = last;
      size = Math.min(sink.batchSize, size * 2);
    }
  }

  /** One by one, since each of them was refused once. */
  private async retryRejects(
    sink: UsageSink,
    claim: ExportClaim,
    counts: ExportCounts,
    signal: AbortSignal,
  ): Promise<void> {
    for (const record of await readRejectsToRetry(this.dataSource.manager, sink.name, RETRIES)) {
      const refusal = await refusalOf(sink, [record], signal);
      await this.claims.advance(claim, claim.seq, (em) =>
        refusal === null
          ? forgetReject(em, sink.name, record.id)
          : setAsideUsage(em, sink.name, record.id, refusal),
      );
      if (refusal === null) counts.sent(1);
      else this.told(sink, record, refusal, counts);
    }
  }

  private told(sink: UsageSink, record: ExportedUsage, refusal: string, counts: ExportCounts): void {
    counts.rejected();
    this.log.warn(
      { sink: sink.name, record: record.id, tenantId: record.tenantId, reason: refusal },
      'a usage record was refused and set aside: see usage_export_rejects',
    );
  }
}

/** Null where the sink has taken them. */
async function refusalOf(
  sink: UsageSink,
  records: readonly ExportedUsage[],
  signal: AbortSignal,
): Promise<string | null> {
  try {
    await sink.send(records, signal);
    return null;
  } catch (error) {
    if (error instanceof SinkError && error.kind === 'refused') return error.message;
    throw error;
  }
}
