import type { ExportedUsage } from '@berth/database';
import { createHash } from 'node:crypto';
import { postToSink } from './sink-request';
import { SinkError, type UsageSink } from './usage-sink';

/** Longest identifier that Stripe takes. */
const IDENTIFIER_MAX = 100;

/** A quantity of `byte_ms` has more digits than Stripe counts: it is told of MiB-seconds. */
const BYTE_MS_PER_MIB_SECOND = 2n ** 20n * 1000n;

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
    const lanes = new Map<string, ExportedUsage[]>();
    for (const record of records) {
      const key = `${record.tenantId} ${record.meter}`;
      lanes.set(key, [...(lanes.get(key) ?? []), record]);
    }
    const outcomes = await Promise.allSettled(
      [...lanes.values()].map((lane) => this.sendInTurn(lane, signal)),
    );
    const errors = outcomes.flatMap((outcome): unknown[] =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    const first = errors.find((error) => !isRefusal(error)) ?? errors[0];
    if (first !== undefined) throw first as Error;
  }

  /** Stripe answers 409 where two events of one customer and meter come at once. */
  private async sendInTurn(records: readonly ExportedUsage[], signal: AbortSignal): Promise<void> {
    for (const record of records) await this.sendOne(record, signal);
  }

  private async sendOne(record: ExportedUsage, signal: AbortSignal): Promise<void> {
    const customer = record.tenantExternalId;
    if (!customer?.startsWith('cus_')) {
      throw new SinkError(
        'refused',
        `tenant ${record.tenantId} is no customer of Stripe: its external_id must be the customer's id, cus_…`,
      );
    }
    const value = stripeValue(record);
    // Stripe takes no zero.
    if (value === 0n) return;
    const identifier = stripeIdentifier(record.id);
    const form = new URLSearchParams({
      identifier,
      event_name: `berth_${record.meter}`,
      // Seconds. The start, so that an hour is in the month in which it was used.
      timestamp: String(Math.floor(+record.windowStart / 1000)),
      'payload[stripe_customer_id]': customer,
      'payload[value]': String(value),
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
      if (!isRefusal(error)) throw error;
      if (error.options.status === 409) throw new SinkError('unavailable', error.message, { cause: error });
      if (!isKnown(error)) throw error;
    }
  }
}

const isRefusal = (error: unknown): error is SinkError =>
  error instanceof SinkError && error.kind === 'refused';

/** It has the event already: what Stripe says once the idempotency key's day is over. The code isn't always there. */
const isKnown = ({ options: { answer = '' } }: SinkError) =>
  answer.includes('duplicate_meter_event') || /event already exists with identifier/i.test(answer);

/** Rounded half up, which of a whole hour of whole MiB changes nothing. */
function stripeValue({ quantity, unit }: ExportedUsage): bigint {
  const whole = BigInt(quantity);
  if (unit !== 'byte_ms') return whole;
  const rounded = (magnitude: bigint) => (magnitude + BYTE_MS_PER_MIB_SECOND / 2n) / BYTE_MS_PER_MIB_SECOND;
  return whole < 0n ? -rounded(-whole) : rounded(whole);
}

/** The record's id, or what stands for it where that is too long: always the same. */
const stripeIdentifier = (id: string): string =>
  id.length <= IDENTIFIER_MAX ? id : createHash('sha256').update(id).digest('hex');
