import { z } from 'zod';

import { meterSchema } from '../meters';
import { priceSchema } from '../price';
import { anyOfParameter, listMetaSchema, listQuerySchema, timeSchema, uuidSchema } from './list-query';
import { momentParameter } from './server-usage';

const rangeParameters = {
  /** Default: the beginning of this month (UTC). */
  from: momentParameter.optional(),
  /** Default: now. */
  to: momentParameter.optional(),
  tenant_id: uuidSchema.optional(),
  server_id: uuidSchema.optional(),
  meter: anyOfParameter(meterSchema).optional(),
};

export const usageGroupSchema = z.enum(['tenant', 'server', 'meter', 'day']);
export type UsageGroup = z.output<typeof usageGroupSchema>;

/** Hours (UTC) that lie in the range as a whole. */
export const usageQuerySchema = listQuerySchema(['meter'], {
  ...rangeParameters,
  /** Rows are of one meter each, named here or not: units differ. */
  group_by: anyOfParameter(usageGroupSchema).prefault('meter'),
}).omit({ sort: true });
export type UsageQuery = z.output<typeof usageQuerySchema>;

export const usageCsvQuerySchema = z.strictObject(rangeParameters);
export type UsageCsvQuery = z.output<typeof usageCsvQuerySchema>;

/** A whole number that a JSON number might not hold. */
const quantitySchema = z.string().regex(/^-?\d+$/);

/** What the rows are not grouped by is null. */
export const usageRowSchema = z.object({
  meter: meterSchema,
  /** ms, us, byte, byte_ms or address_ms: see the meters. */
  unit: z.string(),
  quantity: quantitySchema,
  tenant_id: z.uuid().nullable(),
  server_id: z.uuid().nullable(),
  /** UTC. */
  day: z.iso.date().nullable(),
  /** How many it is the sum of, corrections among them. */
  records: z.int(),
  /** Samples are missing in some of the hours; what they would have told is in the hour in which they came back. */
  incomplete: z.boolean(),
});
export type UsageRow = z.output<typeof usageRowSchema>;

export const usageAnswerSchema = z.object({
  usage: z.array(usageRowSchema),
  from: timeSchema,
  to: timeSchema,
  /** Up to when there are records: hours are closed some minutes after their end. */
  metered_to: timeSchema,
  /** Null: all tenants. */
  tenant_id: z.uuid().nullable(),
  meta: listMetaSchema,
});
export type UsageAnswer = z.output<typeof usageAnswerSchema>;

export const invoicePreviewQuerySchema = z.strictObject({
  tenant_id: uuidSchema.optional(),
  /** Default: this month (UTC). */
  month: z
    .string()
    .regex(/^20\d{2}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-01')
    .optional(),
});
export type InvoicePreviewQuery = z.output<typeof invoicePreviewQuerySchema>;

export const invoiceLineSchema = z.object({
  kind: z.enum(['server_time', 'traffic_overage']),
  server_id: z.uuid(),
  server_name: z.string(),
  /** Null of traffic, which belongs to no plan. */
  plan_id: z.uuid().nullable(),
  plan_name: z.string().nullable(),
  currency: z.string(),
  /** Rounded once, half up. */
  amount_micros: z.int(),
  /** The plan's monthly cap was reached. */
  capped: z.boolean(),
  /** What the line is of: the sum of so many usage records; of time all but `creating_time`, of traffic `traffic_out`. */
  quantity: quantitySchema,
  unit: z.enum(['ms', 'byte']),
  records: z.int(),
  /** What of the quantity costs nothing; null of time. */
  included_quantity: quantitySchema.nullable(),
  /** That held in the month. */
  prices: z.array(priceSchema),
});
export type InvoiceLineView = z.output<typeof invoiceLineSchema>;

/** One document: all lines, however many. */
export const invoicePreviewSchema = z.object({
  tenant_id: z.uuid(),
  month: z.string(),
  from: timeSchema,
  to: timeSchema,
  /** False while hours of the month are not closed. */
  complete: z.boolean(),
  metered_to: timeSchema,
  lines: z.array(invoiceLineSchema),
  /** The sum of the lines, by currency. */
  totals: z.array(z.object({ currency: z.string(), amount_micros: z.int() })),
  /** Of time on plans that had no price then: in no line. */
  unpriced_records: z.int(),
});
export type InvoicePreviewView = z.output<typeof invoicePreviewSchema>;
