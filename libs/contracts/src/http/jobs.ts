import { z } from 'zod';

/** State of one queue and of what waits for it. Counts of jobs. */
export const queueSchema = z.object({
  name: z.string(),
  waiting: z.int(),
  active: z.int(),
  delayed: z.int(),
  failed: z.int(),
});
export type QueueView = z.output<typeof queueSchema>;

export const jobsSchema = z.object({
  jobs: z.array(queueSchema),
  /** Operations that were taken by a worker whose lease has run out. */
  stalled: z.int(),
  /** Operations that failed in the last 24 hours. */
  failed: z.int(),
  /** Rows that the dispatcher hasn't put into a queue yet, and the age of the oldest in seconds. */
  outbox: z.object({ rows: z.int(), oldest_age_s: z.number() }),
});
export type JobsView = z.output<typeof jobsSchema>;
