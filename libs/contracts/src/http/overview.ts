import { z } from 'zod';

import { driverSchema, hostStateSchema, serverStatusSchema } from '../states';
import { timeSchema } from './list-query';

const amounts = z.object({ cpus: z.number(), ram_bytes: z.number(), disk_bytes: z.number() });

/** How full: `allocated` is what was sold, `used` what was sampled last (null: not yet, or not lately). */
const fill = z.object({
  servers: z.int(),
  /** Without overcommit. */
  capacity: amounts,
  /** What may be allocated: capacity times overcommit. */
  allocatable: amounts,
  allocated: amounts,
  used: amounts.nullable(),
});

export const alertSchema = z.object({
  severity: z.enum(['critical', 'warning']),
  /** Stable; the message is for people. */
  code: z.enum([
    'host_unreachable',
    'host_error',
    'host_disk_nearly_full',
    'drift_open',
    'operations_failed',
    'operations_pending_long',
    'operations_stalled',
    'queue_unreachable',
    'ip_pools_nearly_used_up',
    'webhook_disabled',
    'usage_late',
  ]),
  message: z.string(),
  /** What it is about: its page. `id` null: the list. */
  target: z.object({
    type: z.enum(['host', 'drift', 'operation', 'location', 'webhook', 'usage', 'job']),
    id: z.string().nullable(),
  }),
  since: timeSchema.nullable(),
});
export type AlertView = z.output<typeof alertSchema>;

export const overviewSchema = z.object({
  at: timeSchema,
  servers: z.object({
    total: z.int(),
    by_status: z.record(serverStatusSchema, z.int()),
  }),
  operations: z.object({
    /** Ended in each of the last 60 minutes, the one under way last. */
    per_minute: z.array(
      z.object({ at: timeSchema, succeeded: z.int(), failed: z.int(), cancelled: z.int() }),
    ),
    pending: z.int(),
    running: z.int(),
    /** Of those that could be taken now; null where none waits. */
    oldest_pending_s: z.number().nullable(),
  }),
  /** Jobs in the queue; null where Redis does not answer. */
  queue: z.object({ waiting: z.int(), active: z.int(), delayed: z.int(), failed: z.int() }).nullable(),
  hosts: z.object({
    total: z.int(),
    unreachable: z.int(),
    /** All, or where there are more than a hundred the fullest twenty. */
    shown: z.array(
      fill.extend({
        id: z.uuid(),
        name: z.string(),
        location: z.string(),
        driver: driverSchema,
        status: hostStateSchema,
        reachable: z.boolean(),
        cordoned: z.boolean(),
        /** 0 to 1: of the scarcest resource. */
        load: z.number(),
      }),
    ),
    by_location: z.array(fill.extend({ location: z.string(), hosts: z.int(), unreachable: z.int() })),
  }),
  alerts: z.array(alertSchema),
});
export type OverviewView = z.output<typeof overviewSchema>;
