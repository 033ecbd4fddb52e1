import { z } from 'zod';

/** The WebSocket's subprotocol. Binary frames are the terminal's bytes in both directions, text frames the messages here. */
export const CONSOLE_PROTOCOL = 'berth.console.v1';

/** A frame of more bytes ends the console (1009). */
export const CONSOLE_MAX_FRAME_BYTES = 1024 ** 2;

export const consoleSizeSchema = z.strictObject({
  columns: z.int().min(1).max(1000),
  rows: z.int().min(1).max(1000),
});
export type ConsoleSize = z.output<typeof consoleSizeSchema>;

/** Close codes beside RFC 6455's own: 1000 its shell has ended, 1001 this API process ends, 1009 a frame too large. */
export const consoleCloseCodes = {
  /** A text frame that is no message of the protocol. */
  invalid: 4400,
  /** The token that asked for the ticket was revoked or has expired, or has no access any more; or its session is over. */
  revoked: 4401,
  /** The server or its tenant was suspended, or the tenant terminated. */
  suspended: 4403,
  deleted: 4404,
  idle: 4408,
  /** Redis, by which workers are reached, does not answer. */
  unavailable: 4503,
} as const;
export type ConsoleCloseReason = keyof typeof consoleCloseCodes;

/** Client → server. */
export const consoleClientMessageSchema = z.discriminatedUnion('type', [
  consoleSizeSchema.extend({ type: z.literal('resize') }),
  z.strictObject({ type: z.literal('ping') }),
]);
export type ConsoleClientMessage = z.output<typeof consoleClientMessageSchema>;

/** Server → client. `reason` is a sentence for people. */
export const consoleServerMessageSchema = z.discriminatedUnion('type', [
  /** A shell runs, of this size. */
  consoleSizeSchema.extend({ type: z.literal('opened') }),
  /** Nothing can be typed until `opened` or `reopened`. */
  z.strictObject({ type: z.literal('waiting'), reason: z.string() }),
  /** A new shell: what ran in the one before is gone. */
  z.strictObject({ type: z.literal('reopened'), reason: z.string() }),
  /** Before a close by the server. */
  z.strictObject({ type: z.literal('closing'), reason: z.string() }),
  z.strictObject({ type: z.literal('pong') }),
]);
export type ConsoleServerMessage = z.output<typeof consoleServerMessageSchema>;

export const consoleTicketSchema = z.object({
  /** For one WebSocket, within 30 s. */
  ticket: z.string(),
  expires_at: z.iso.datetime(),
  /** With the ticket in it; add `&columns=…&rows=…` for another size than 80 × 24. */
  websocket_path: z.string(),
});
