import type { UsageSinkName } from '@berth/config';
import type { ExportedUsage } from '@berth/database';

/**
 * A billing system that usage records are sent to. What was sent already may come again, after a crash or when an answer
 * was lost: it goes by the same ids, by which the sink tells repetitions.
 */
export interface UsageSink {
  readonly name: UsageSinkName;
  /** Records of one `send`, at most. */
  readonly batchSize: number;
  /** Resolves when the sink has taken all of them. Throws a SinkError. */
  send(records: readonly ExportedUsage[], signal: AbortSignal): Promise<void>;
}

export class SinkError extends Error {
  constructor(
    /** `refused`: of what was sent, and it would be again. `unavailable`: of the sink, our token, or the way to it. */
    readonly kind: 'refused' | 'unavailable',
    message: string,
    readonly options: {
      /** HTTP's; none where there was no answer. */
      status?: number;
      /** As the sink asks for, ms. */
      retryAfterMs?: number;
      /** The sink's answer, for it may say that nothing is wrong. */
      answer?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
  }
}

/** Who pays: the provider's own key of the tenant, where it has one. */
export const payerOf = ({ tenantExternalId, tenantId }: ExportedUsage): string =>
  tenantExternalId ?? tenantId;

/** Of a record beyond its amount, as OpenMeter and Lago can group and filter by it. */
export const propertiesOf = (record: ExportedUsage) => ({
  // As text: numbers of JSON lose digits beyond 2^53.
  quantity: record.quantity,
  unit: record.unit,
  tenant_id: record.tenantId,
  server_id: record.serverId,
  plan_id: record.planId,
  window_start: record.windowStart.toISOString(),
  window_end: record.windowEnd.toISOString(),
  incomplete: record.incomplete,
  corrects: record.corrects,
});
