import { z } from 'zod';

import { integer, listOf, url } from './variables';

const SINKS = ['openmeter', 'lago', 'stripe'] as const;
export type UsageSinkName = (typeof SINKS)[number];

const secret = () => z.string().regex(/^[\x21-\x7e]{1,500}$/, 'must be printable ASCII without spaces');

export const usageExportShape = {
  /** Where usage records are sent; none if not set. */
  BERTH_USAGE_EXPORT: listOf(SINKS).prefault(''),
  /** Usage of windows that ended before is not sent: a billing system may have counted it already. */
  BERTH_USAGE_EXPORT_SINCE: z.iso
    .datetime({ offset: true, message: 'must be a time such as 2026-01-31T00:00:00Z' })
    .optional(),
  BERTH_USAGE_EXPORT_INTERVAL_MS: integer({ min: 100, max: 86_400_000 }).prefault('60000'),
  BERTH_OPENMETER_URL: url(['https:', 'http:']).prefault('https://openmeter.cloud'),
  BERTH_OPENMETER_TOKEN: secret().optional(),
  BERTH_LAGO_URL: url(['https:', 'http:']).prefault('https://api.getlago.com'),
  BERTH_LAGO_TOKEN: secret().optional(),
  BERTH_STRIPE_URL: url(['https:', 'http:']).prefault('https://api.stripe.com'),
  BERTH_STRIPE_TOKEN: secret().optional(),
};

export interface UsageExportConfig {
  sinks: { name: UsageSinkName; url: string; token: string }[];
  since: Date | null;
  intervalMs: number;
}

type Variables = z.output<z.ZodObject<typeof usageExportShape>>;

const TOKENS = {
  openmeter: 'BERTH_OPENMETER_TOKEN',
  lago: 'BERTH_LAGO_TOKEN',
  stripe: 'BERTH_STRIPE_TOKEN',
} as const;
const URLS = {
  openmeter: 'BERTH_OPENMETER_URL',
  lago: 'BERTH_LAGO_URL',
  stripe: 'BERTH_STRIPE_URL',
} as const;

/** A sink that is switched on needs its token: better said at the start than by its first 401. */
export function checkUsageExport(env: Variables, context: z.RefinementCtx): void {
  for (const name of new Set(env.BERTH_USAGE_EXPORT)) {
    // A name that is none is told of by its own variable.
    if (name in TOKENS && env[TOKENS[name]] === undefined)
      context.addIssue({ code: 'custom', path: [TOKENS[name]], message: 'is missing' });
  }
}

export function usageExportConfig(env: Variables): UsageExportConfig {
  return {
    sinks: [...new Set(env.BERTH_USAGE_EXPORT)].map((name) => ({
      name,
      url: env[URLS[name]].replace(/\/+$/, ''),
      token: env[TOKENS[name]] ?? '',
    })),
    since: env.BERTH_USAGE_EXPORT_SINCE === undefined ? null : new Date(env.BERTH_USAGE_EXPORT_SINCE),
    intervalMs: env.BERTH_USAGE_EXPORT_INTERVAL_MS,
  };
}
