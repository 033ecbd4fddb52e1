export const ranges = { month: 'This month', last_month: 'Last month', '7d': '7 days', '30d': '30 days' };
export type UsageRange = keyof typeof ranges;

const DAY_MS = 86_400_000;

/** Whole days in UTC, as usage is kept: seconds since 1970. */
export function usageSpan(range: UsageRange, now = new Date()): { from: string; to: string } {
  const year = now.getUTCFullYear();
  const month = now.getUTCMonth();
  const seconds = (ms: number) => String(Math.floor(ms / 1000));
  const today = Date.UTC(year, month, now.getUTCDate());
  if (range === 'month') return { from: seconds(Date.UTC(year, month, 1)), to: seconds(now.getTime()) };
  if (range === 'last_month') {
    return { from: seconds(Date.UTC(year, month - 1, 1)), to: seconds(Date.UTC(year, month, 1)) };
  }
  const days = range === '7d' ? 6 : 29;
  return { from: seconds(today - days * DAY_MS), to: seconds(now.getTime()) };
}

/** `2026-01`. */
export const thisMonth = (now = new Date()) => now.toISOString().slice(0, 7);
