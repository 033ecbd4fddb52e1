export const liveUsageRequestsKey = (prefix: string) => `${prefix}.usage.requests`;
export const liveUsageRepliesKey = (prefix: string, instance: string) =>
  `${prefix}.usage.replies.${instance}`;

/** How long an asker waits: a person is looking, and the last sample is at hand. */
export const LIVE_USAGE_DEADLINE_MS = 3000;
/** Entries beyond are of no use: their askers have given up. */
export const MAX_ENTRIES = 10_000;
