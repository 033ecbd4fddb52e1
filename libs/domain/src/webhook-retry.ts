/** What came of an attempt. `retryAfterMs`: the receiver asked to be left alone for so long. */
export interface AttemptAnswer {
  /** Null: no answer. */
  status: number | null;
  retryAfterMs: number | null;
}

export type AttemptVerdict =
  | { next: 'delivered' }
  | { next: 'failed'; gone: boolean }
  /** `pauseMs`: nothing at all is to be sent to this endpoint for so long. */
  | { next: 'retry'; inMs: number; pauseMs: number | null };

/** By how much an event may be late by our own doing, ms, besides a fifth of all waits. */
const LATE_MS = 60_000;
/** A receiver can't put us off longer than this, ms. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/**
 * After attempt number `attempt` (from 1). `waits`: ms before each further try. An event is given up after the last, and as
 * soon as it is older than all of them together: what was lined up behind it must not take as long again.
 */
export function verdictOf(
  answer: AttemptAnswer,
  attempt: number,
  ageMs: number,
  waits: readonly number[],
  random: () => number = Math.random,
): AttemptVerdict {
  const { status, retryAfterMs } = answer;
  if (status !== null && status >= 200 && status < 300) return { next: 'delivered' };
  if (status === 410) return { next: 'failed', gone: true };
  const wait = waits[attempt - 1];
  const all = waits.reduce((sum, each) => sum + each, 0);
  if (wait === undefined || ageMs > all * 1.2 + LATE_MS) return { next: 'failed', gone: false };
  const jittered = Math.round(wait * (0.9 + 0.2 * random()));
  const asked = status === 429 || status === 503 ? retryAfterMs : null;
  const pauseMs = asked === null ? null : Math.min(asked, MAX_RETRY_AFTER_MS);
  return { next: 'retry', inMs: Math.max(jittered, pauseMs ?? 0), pauseMs };
}

/** `Retry-After` in ms: seconds, or a date. Null where it says nothing. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
