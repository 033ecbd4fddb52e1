import type { ExportedUsage } from '@berth/database';
import { postToSink } from './sink-request';
import { payerOf, propertiesOf, type UsageSink } from './usage-sink';

/** OpenMeter, or whatever takes batches of CloudEvents 1.0. Repetitions are told by `source` and `id`. */
export class OpenMeterSink implements UsageSink {
  readonly name = 'openmeter';
  readonly batchSize = 100;

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  send(records: readonly ExportedUsage[], signal: AbortSignal): Promise<void> {
    return postToSink(
      `${this.url}/api/v1/events`,
      {
        token: this.token,
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body: JSON.stringify(records.map(cloudEvent)),
      },
      signal,
    );
  }
}

const cloudEvent = (record: ExportedUsage) => ({
  specversion: '1.0',
  id: record.id,
  source: 'berth',
  type: `berth.${record.meter}`,
  subject: payerOf(record),
  // The start, so that an hour is in the month in which it was used.
  time: record.windowStart.toISOString(),
  datacontenttype: 'application/json',
  data: propertiesOf(record),
});
