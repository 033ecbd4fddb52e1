import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks every 20 ms until `probe` gives something else than undefined or false; an Error that names `what` after
 * `timeoutMs`. For conditions in the kernel (a cgroup emptied, a port opened) that send no event.
 */
export async function waitUntil<T>(
  what: string,
  timeoutMs: number,
  probe: () => T | Promise<T>,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await delay(20);
  }
}
