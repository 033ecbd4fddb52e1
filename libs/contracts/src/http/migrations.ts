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

export const migrationTargetSchema = z.object({
  host: z.object({ id: z.uuid(), name: z.string() }),
  /** 1 is where placement would put it; null where it can't go. */
  rank: z.int().nullable(),
  fits: z.boolean(),
  /** Why it can't go there, in words. */
  reasons: z.array(z.string()),
  /** What would be left there with the server on it; below zero: so much is missing. */
  free_after: z.object({ cpus: z.number(), ram_bytes: z.number(), disk_bytes: z.number() }),
  /** In which it can go there. `live` may still turn out to be impossible for a process in it. */
  modes: z.array(migrationModeSchema),
});
export type MigrationTargetView = z.output<typeof migrationTargetSchema>;

export const migrationTargetsSchema = z.object({
  /** A hundred at most: those first where it can go, in placement's order. */
  migration_targets: z.array(migrationTargetSchema),
  /** Other hosts of its location, in all. */
  total: z.int(),
  /** Why it can't leave its host at all now, in words; null where it can. */
  blocked: z.string().nullable(),
});
export type MigrationTargetsView = z.output<typeof migrationTargetsSchema>;
