import { z } from 'zod';

export const execBodySchema = z.strictObject({
  /** An argv, not a shell's line; NUL can't be part of an argument. */
  command: z
    .array(
      z
        .string()
        .max(65_536)
        .regex(/^[^\0]*$/, 'must not hold NUL'),
    )
    .min(1)
    .max(256),
  timeout_s: z.number().positive().max(3600).default(60),
});

/** What the API asks of a worker over Redis. */
export const execRequestSchema = z.strictObject({
  id: z.string(),
  replyTo: z.string(),
  serverId: z.string(),
  command: z.array(z.string()),
  timeoutMs: z.int().positive(),
  /** Unix ms; a worker that reads it later drops it, since nobody waits any more. */
  expiresAt: z.int(),
});
export type ExecRequest = z.output<typeof execRequestSchema>;

export const execReplySchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('accepted'), id: z.string() }),
  z.strictObject({ type: z.literal('stdout'), id: z.string(), data: z.base64() }),
  z.strictObject({ type: z.literal('stderr'), id: z.string(), data: z.base64() }),
  z.strictObject({ type: z.literal('exit'), id: z.string(), exitCode: z.int(), truncated: z.boolean() }),
  z.strictObject({ type: z.literal('error'), id: z.string(), code: z.string(), message: z.string() }),
]);
export type ExecReply = z.output<typeof execReplySchema>;
