import { z } from 'zod';

import { migrationModeSchema } from '../migration-mode';
import { referenceSchema } from './list-query';

/** Less than this would never end. */
const LEAST_BANDWIDTH_BPS = 64_000;

export const migrateServerBodySchema = z.strictObject({
  /** The target; chosen like an order's host where it is not given, in the server's location. */
  host: referenceSchema.optional(),
  mode: migrationModeSchema,
  /** Tried in order where `mode` can't be: the host lacks it, or a process can't be written down. */
  fallback: z
    .array(migrationModeSchema)
    .max(3)
    .transform((modes) => [...new Set(modes)])
    .default([]),
  /** Bits a second between the two hosts; no limit where it is not given. */
  bandwidth_bps: z.int().min(LEAST_BANDWIDTH_BPS).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type MigrateServerBody = z.output<typeof migrateServerBodySchema>;
