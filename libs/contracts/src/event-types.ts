import { z } from 'zod';

/** What happens to servers, operations, tenants and their usage. On the wire each has EVENT_TYPE_PREFIX before it. */
export const eventTypeSchema = z.enum([
  'server.created',
  'server.started',
  'server.stopped',
  'server.frozen',
  'server.unfrozen',
  'server.resized',
  'server.migrated',
  'server.suspended',
  'server.unsuspended',
  'server.failed',
  'server.deleted',
  'operation.created',
  'operation.started',
  'operation.succeeded',
  'operation.failed',
  'operation.cancelled',
  'tenant.suspended',
  'tenant.unsuspended',
  'tenant.terminated',
  'quota.warning',
  'usage.window_closed',
  /** Only by the test action, for its endpoint alone. */
  'webhook.test',
]);
export type EventType = z.output<typeof eventTypeSchema>;

/** CloudEvents asks for a reversed domain before the type. */
export const EVENT_TYPE_PREFIX = 'com.berth.';

const groups = [...new Set(eventTypeSchema.options.map((type) => `${type.split('.')[0]!}.*`))];
const known = new Set<string>(['*', ...groups, ...eventTypeSchema.options]);

/** A type, all of a kind (`server.*`), or all (`*`). */
export const eventPatternSchema = z
  .string()
  .max(60)
  .refine((pattern) => known.has(pattern), `must be *, one of ${groups.join(', ')}, or a type of event`);
