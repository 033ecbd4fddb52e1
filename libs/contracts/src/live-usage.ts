import { z } from 'zod';

import { beancounterSchema } from './beancounters';

/** What the API asks of a worker over Redis: what a server uses now. */
export const liveUsageRequestSchema = z.strictObject({
  id: z.string(),
  replyTo: z.string(),
  serverId: z.uuid(),
  /** Unix ms; a worker that reads it later drops it, since nobody waits any more. */
  expiresAt: z.int(),
});
export type LiveUsageRequest = z.output<typeof liveUsageRequestSchema>;

export const liveUsageSchema = z.object({
  /** Unix ms, by the host's clock. */
  at: z.number(),
  beancounters: z.array(beancounterSchema),
});
export type LiveUsage = z.output<typeof liveUsageSchema>;

/** `usage` null: it can't be had now; `reason` says why. */
export const liveUsageReplySchema = z.object({
  id: z.string(),
  usage: liveUsageSchema.nullable(),
  reason: z.string(),
});
export type LiveUsageReply = z.output<typeof liveUsageReplySchema>;
