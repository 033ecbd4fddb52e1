import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again every `intervalMs` until the condition gives a value other than null.
 * @throws an error naming `what` and the last failure when `timeoutMs` have passed.
 */
export async function waitUntil<T>(
  what: string,
  condition: () => Promise<T | null> | T | null,
  { timeoutMs, intervalMs = 50 }: { timeoutMs: number; intervalMs?: number },
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown = null;
  for (;;) {
    try {
      const value = await condition();
      if (value !== null) return value;
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      last = error;
    }
    if (Date.now() >= deadline) {
      const detail = last instanceof Error ? `; last failure: ${last.message}` : '';
      throw new Error(`${what} did not happen within ${timeoutMs} ms${detail}`);
    }
    await delay(intervalMs);
  }
}

/** Thrown by a condition that can no longer become true: ends the waiting at once. */
export class GaveUp extends Error {}
