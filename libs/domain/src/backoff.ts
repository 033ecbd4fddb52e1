/** Times a step is tried before its failure counts as permanent. */
export const MAX_STEP_ATTEMPTS = 8;

/** Wait before attempt n + 1, in ms: doubles from 1 s to 60 s, ±20 % so that a host's return isn't met by all at once. */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(60_000, 1000 * 2 ** (attempt - 1));
  return Math.round(base * (0.8 + 0.4 * random()));
}
