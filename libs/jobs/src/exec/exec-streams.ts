import type { ExecReply } from '@berth/contracts';
import type { Redis } from 'ioredis';

/** Consumer group of all workers: each request goes to one of them. */
export const WORKERS_GROUP = 'workers';

export const requestsKey = (prefix: string) => `${prefix}.exec.requests`;
export const repliesKey = (prefix: string, instance: string) => `${prefix}.exec.replies.${instance}`;

/** Entries that nobody read by then are of no use: the asker has given up. */
export const STREAM_TTL_S = 3600;
const MAX_REPLIES = 50_000;

/** Output is cut into pieces of this many bytes, so that one reply never blocks Redis for long. */
export const CHUNK_BYTES = 64 * 1024;

export async function sendReply(redis: Redis, replyTo: string, reply: ExecReply): Promise<void> {
  await redis
    .multi()
    .xadd(replyTo, 'MAXLEN', '~', MAX_REPLIES, '*', 'reply', JSON.stringify(reply))
    .expire(replyTo, STREAM_TTL_S)
    .exec();
}

/** One stream's entries as XREAD and XREADGROUP give them: `[[key, [[id, [field, value, …]], …]]]`. */
export function entriesOf(answer: unknown): { id: string; value: string }[] {
  const [stream] = (answer as [string, [string, string[]][]][] | null) ?? [];
  return (stream?.[1] ?? []).map(([id, fields]) => ({ id, value: fields[1] ?? '' }));
}
