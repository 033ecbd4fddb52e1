import { z } from 'zod';

import { beancounterSchema } from '../beancounters';
import { timeSchema } from './list-query';

export const beancountersAnswerSchema = z.object({
  /** Empty where the server has never been seen on a host. */
  beancounters: z.array(beancounterSchema),
  /** When they were counted; null where they never were. */
  at: timeSchema.nullable(),
  /** False: host or worker didn't answer, and this is the last sample. */
  live: z.boolean(),
});
export type BeancountersView = z.output<typeof beancountersAnswerSchema>;

/** Points in one answer, at most. */
export const MAX_METRIC_POINTS = 1500;
/** Seconds between two points, at least and at most. */
export const MIN_METRIC_STEP_S = 10;
export const MAX_METRIC_STEP_S = 31 * 86_400;

/** Seconds since 1970, or ISO 8601 with a time zone; to whole seconds, rounded down. */
export const momentParameter = z
  .string()
  .max(40)
  .transform((text, context) => {
    const seconds = /^\d{1,11}$/.test(text) ? Number(text) : isoSeconds(text);
    if (seconds !== null) return seconds;
    context.addIssue({
      code: 'custom',
      message: 'must be seconds since 1970 or a time such as 2026-01-31T12:00:00Z',
    });
    return z.NEVER;
  });

function isoSeconds(text: string): number | null {
  const moment = z.iso.datetime({ offset: true }).safeParse(text);
  return moment.success ? Math.floor(Date.parse(moment.data) / 1000) : null;
}

export const serverMetricsQuerySchema = z.strictObject({
  /** Default: an hour before `to`. */
  from: momentParameter.optional(),
  /** Default: now. */
  to: momentParameter.optional(),
  /** Seconds. Default: chosen by the range. */
  step: z
    .string()
    .regex(/^\d{1,7}$/, 'must be a whole number of seconds')
    .transform(Number)
    .pipe(z.int().min(MIN_METRIC_STEP_S).max(MAX_METRIC_STEP_S))
    .optional(),
});
export type ServerMetricsQuery = z.output<typeof serverMetricsQuerySchema>;

/** `[t, v]`: start of the step, seconds since 1970; null where nothing was sampled. */
const seriesSchema = z.array(z.tuple([z.int(), z.number().nullable()]));

/** Of sums the average rate in the step, of the rest the average of the samples. */
export const metricSeriesSchema = z.object({
  /** Of one CPU: 250 is two and a half. */
  cpu_percent: seriesSchema,
  ram_bytes: seriesSchema,
  swap_bytes: seriesSchema,
  disk_bytes: seriesSchema,
  inodes: seriesSchema,
  num_proc: seriesSchema,
  /** Bits a second, as the limits of the net are. */
  net_in_bps: seriesSchema,
  net_out_bps: seriesSchema,
  /** Bytes a second, as the limits of the disk are. */
  io_read_bps: seriesSchema,
  io_write_bps: seriesSchema,
});
export type MetricSeries = z.output<typeof metricSeriesSchema>;

export const serverMetricsSchema = z.object({
  /** Start of the first step and end of the last: the range asked for, widened to whole steps. */
  from: timeSchema,
  to: timeSchema,
  /** Seconds. */
  step: z.int(),
  series: metricSeriesSchema,
});
export type ServerMetricsView = z.output<typeof serverMetricsSchema>;
