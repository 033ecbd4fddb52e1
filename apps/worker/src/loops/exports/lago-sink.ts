import type { ExportedUsage } from '@berth/database';
import { postToSink } from './sink-request';
import { payerOf, propertiesOf, SinkError, type UsageSink } from './usage-sink';

/** Lago: `code` is a billable metric's, the subscription's external id that of the tenant. */
export class LagoSink implements UsageSink {
  readonly name = 'lago';
  /** Lago takes no more. */
  readonly batchSize = 100;

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Lago refuses a batch with a transaction_id that it knows: alone, such a record is one that it has taken. */
  async send(records: readonly ExportedUsage[], signal: AbortSignal): Promise<void> {
    try {
      await postToSink(
        `${this.url}/api/v1/events/batch`,
        {
          token: this.token,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ events: records.map(lagoEvent) }),
        },
        signal,
      );
    } catch (error) {
      if (records.length === 1 && error instanceof SinkError && isKnown(error)) return;
      throw error;
    }
  }
}

const isKnown = ({ kind, options }: SinkError) =>
  kind === 'refused' && /"transaction_id"\s*:\s*\[\s*"value_already_exist"\s*\]/.test(options.answer ?? '');

const lagoEvent = (record: ExportedUsage) => ({
  transaction_id: record.id,
  external_subscription_id: payerOf(record),
  code: record.meter,
  // Seconds. The start, so that an hour is in the month in which it was used.
  timestamp: Math.floor(+record.windowStart / 1000),
  properties: propertiesOf(record),
});
