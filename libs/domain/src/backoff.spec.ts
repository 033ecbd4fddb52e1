import { retryDelayMs } from './backoff';

it('doubles from a second to a minute, ±20 %', () => {
  expect([1, 2, 3, 7, 30].map((attempt) => retryDelayMs(attempt, () => 0.5))).toEqual([
    1000, 2000, 4000, 60_000, 60_000,
  ]);
  expect(retryDelayMs(1, () => 0)).toBe(800);
  expect(retryDelayMs(1, () => 1)).toBe(1200);
});
