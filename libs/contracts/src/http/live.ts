import { z } from 'zod';

import { timeSchema } from './list-query';
import { operationSchema } from './operations';
import { serverSchema } from './servers';

/** Kinds of things that the live stream tells of by name alone: their lists are to be asked for again. */
export const liveResourceSchema = z.enum([
  'audit_events',
  'drift',
  'hosts',
  'ip_pools',
  'locations',
  'operations',
  'plans',
  'quota',
  'servers',
  'snapshots',
  'templates',
  'tenants',
  'tokens',
  'usage',
  'webhooks',
]);
export type LiveResource = z.output<typeof liveResourceSchema>;

const resources = z.object({ resources: z.array(liveResourceSchema).min(1) });

/** The data of each event of `GET /v1/stream`, by the event's name. */
export const liveEventsSchema = z.object({
  /** At once. What a client has fetched before may be old from here on: it fetches anew. */
  hello: z.object({ version: z.string(), now: timeSchema }),
  /** As `GET /v1/operations/:id` gives it to this caller. */
  operation: operationSchema,
  /** As `GET /v1/servers/:id` gives it to this caller; or that it is gone. */
  server: z.union([serverSchema, z.object({ id: z.uuid(), deleted: z.literal(true) })]),
  /** Something of these kinds has changed. */
  changed: resources,
  /** So much has changed that it isn't told one by one. */
  overflow: resources,
  /** Every 5 s, while the API sees what happens. */
  beat: z.object({ now: timeSchema }),
});
export type LiveEvents = z.output<typeof liveEventsSchema>;
