import { z } from 'zod';

const micros = () => z.int().min(0).max(1_000_000_000_000);

/** What a plan costs. Amounts are millionths of the currency's unit: 4,000,000 EUR micros are 4.00 EUR. */
export const priceSchema = z.strictObject({
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as EUR'),
  /** An hour that the server exists, in whatever state; being made costs nothing. */
  hourly_micros: micros(),
  /** Of a server and calendar month (UTC), at most; null: no cap. */
  monthly_cap_micros: micros().nullable(),
  /** Sent in a calendar month. */
  included_traffic_bytes: z.int().min(0),
  /** For each GiB beyond. */
  overage_micros_per_gib: micros(),
});
export type Price = z.output<typeof priceSchema>;
