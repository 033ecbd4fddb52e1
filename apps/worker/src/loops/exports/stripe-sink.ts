import type { ExportedUsage } from '@berth/database';
import { createHash } from 'node:crypto';
import { postToSink } from './sink-request';
import { SinkError, type UsageSink } from './usage-sink';

/** Longest identifier that Stripe takes. */
const IDENTIFIER_MAX = 100;

/** Stripe's meter events, one a request. The tenant's external_id is the Stripe customer's id (`cus_…`). */
export class StripeSink implements UsageSink {
  readonly name = 'stripe';
  /** Requests at a time; Stripe's own limit is 1,000 a second. */
  readonly batchSize = 20;

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** What was taken of a batch that is refused comes again with the next, smaller one, by the same keys. */
  async send(records: readonly ExportedUsage[], signal: AbortSignal): Promise<void> {
    const outcomes = await Promise.allSettled(records.map((record) => this.sendOne(record, signal)));
    const errors = outcomes.flatMap((outcome): unknown[] =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    const first = errors.find((error) => !isRefusal(error)) ?? errors[0];
    if (first !== undefined) throw first as Error;
  }

  private async sendOne(record: ExportedUsage, signal: AbortSignal): Promise<void> {
    const customer = record.tenantExternalId;
    if (!customer?.startsWith('cus_')) {
      throw new SinkError(
        'refused',
        `tenant ${record.tenantId} is no customer of Stripe: its external_id must be the customer's id, cus_…`,
      );
    }
    const identifier = stripeIdentifier(record.id);
    const form = new URLSearchParams({
      identifier,
      event_name: `berth_${record.meter}`,
      // Seconds. The start, so that an hour is in the month in which it was used.
      timestamp: String(Math.floor(+record.windowStart / 1000)),
      'payload[stripe_customer_id]': customer,
      'payload[value]': record.quantity,
    });
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': `berth-${identifier}`,
    };
    try {
      await postToSink(
        `${this.url}/v1/billing/meter_events`,
        { token: this.token, headers, body: form.toString() },
        signal,
      );
    } catch (error) {
      // After the idempotency key's day.
      if (!isRefusal(error) || !/"code"\s*:\s*"duplicate_meter_event"/.test(error.options.answer ?? ''))
        throw error;
    }
  }
}

const isRefusal = (error: unknown): error is SinkError =>
  error instanceof SinkError && error.kind === 'refused';

/** The record's id, or what stands for it where that is too long: always the same. */
const stripeIdentifier = (id: string): string =>
  id.length <= IDENTIFIER_MAX ? id : createHash('sha256').update(id).digest('hex');
