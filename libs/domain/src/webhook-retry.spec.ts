import { retryAfterMs, verdictOf } from './webhook-retry';

const waits = [1000, 10_000];
const answered = (status: number | null, after: number | null = null) => ({ status, retryAfterMs: after });
const middle = () => 0.5;

describe('what comes after an attempt', () => {
  it.each([200, 202, 204, 299])('%d is a delivery', (status) => {
    expect(verdictOf(answered(status), 1, 0, waits)).toEqual({ next: 'delivered' });
  });

  it.each([null, 199, 300, 301, 308, 400, 401, 404, 500, 502])(
    '%p is tried again, and then given up',
    (status) => {
      const after = (attempt: number) => verdictOf(answered(status), attempt, 0, waits, middle);
      expect(after(1)).toEqual({ next: 'retry', inMs: 1000, pauseMs: null });
      expect(after(2)).toEqual({ next: 'retry', inMs: 10_000, pauseMs: null });
      expect(after(3)).toEqual({ next: 'failed', gone: false });
    },
  );

  it('410 ends it at once', () => {
    expect(verdictOf(answered(410), 1, 0, waits)).toEqual({ next: 'failed', gone: true });
  });

  it('waits differ by a tenth', () => {
    expect(verdictOf(answered(500), 1, 0, waits, () => 0)).toMatchObject({ inMs: 900 });
    expect(verdictOf(answered(500), 1, 0, waits, () => 1)).toMatchObject({ inMs: 1100 });
  });

  it('an event older than all waits is given up at its first failure', () => {
    expect(verdictOf(answered(500), 1, 74_000, waits)).toEqual({ next: 'failed', gone: false });
    expect(verdictOf(answered(500), 1, 73_000, waits)).toMatchObject({ next: 'retry' });
  });

  it('heeds Retry-After of 429 and 503 only, for a day at most, and never tries earlier than planned', () => {
    expect(verdictOf(answered(429, 60_000), 1, 0, waits, middle)).toEqual({
      next: 'retry',
      inMs: 60_000,
      pauseMs: 60_000,
    });
    expect(verdictOf(answered(503, 5), 1, 0, waits, middle)).toEqual({
      next: 'retry',
      inMs: 1000,
      pauseMs: 5,
    });
    expect(verdictOf(answered(500, 60_000), 1, 0, waits, middle)).toMatchObject({
      inMs: 1000,
      pauseMs: null,
    });
    expect(verdictOf(answered(503, 1e12), 1, 0, waits, middle)).toMatchObject({ pauseMs: 86_400_000 });
  });

  it('reads Retry-After as seconds or as a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('120', now)).toBe(120_000);
    expect(retryAfterMs('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
    expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    for (const text of [undefined, '', 'soon', '-1', '1.5', '2026-01-01'])
      expect(retryAfterMs(text, now)).toBeNull();
  });
});
