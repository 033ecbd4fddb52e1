import { z } from 'zod';
import { consoleSizeSchema } from './console';

/**
 * What API and workers say to each other of consoles, over Redis streams. A link is one worker's part in a console; where it is
 * lost the API asks for another. Bytes go beside `input` and `output`, as a field of their own.
 */

const link = z.string();
/** Of the first of the bytes, counted from the link's begin: what does not follow on was lost. */
const offset = z.int().nonnegative();

/** Asks any worker for a link. */
export const consoleRequestSchema = consoleSizeSchema.extend({
  link,
  /** The stream that the API process reads. */
  replyTo: z.string(),
  serverId: z.string(),
  /** Why there was another link before; null for the first. */
  again: z.string().nullable(),
  /** Unix ms; taken later it is dropped: the API has asked anew. */
  expiresAt: z.int(),
});
export type ConsoleRequest = z.output<typeof consoleRequestSchema>;

export const consoleToWorkerSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('input'), link, offset }),
  /** So many bytes of output have gone on to the client. */
  z.strictObject({ type: z.literal('ack'), link, bytes: offset }),
  consoleSizeSchema.extend({ type: z.literal('resize'), link }),
  z.strictObject({ type: z.literal('close'), link }),
  /** The links that the API process at `from` holds with this worker. */
  z.strictObject({ type: z.literal('alive'), from: z.string(), links: z.array(link) }),
]);
export type ConsoleToWorker = z.output<typeof consoleToWorkerSchema>;

export const consoleToApiSchema = z.discriminatedUnion('type', [
  /** A worker has the link, and reads the stream `worker`. */
  z.strictObject({ type: z.literal('taken'), link, worker: z.string() }),
  consoleSizeSchema.extend({ type: z.literal('opened'), link, again: z.string().nullable() }),
  z.strictObject({ type: z.literal('waiting'), link, reason: z.string() }),
  z.strictObject({ type: z.literal('output'), link, offset }),
  /** So many bytes of input have been typed. */
  z.strictObject({ type: z.literal('ack'), link, bytes: offset }),
  /** `exited`: its shell has. `deleted`: there is no server any more. `released`: another worker has to take it. */
  z.strictObject({
    type: z.literal('ended'),
    link,
    end: z.enum(['exited', 'deleted', 'released']),
    reason: z.string(),
  }),
  /** The links that the worker holds with this API process. */
  z.strictObject({ type: z.literal('alive'), from: z.string(), links: z.array(link) }),
]);
export type ConsoleToApi = z.output<typeof consoleToApiSchema>;
