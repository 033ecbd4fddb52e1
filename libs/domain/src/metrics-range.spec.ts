import { metricsRange } from './metrics-range';

const NOW = 1_800_000_010;
const DAY = 86_400;

describe('metricsRange', () => {
  it('is the last hour, by the minute, where nothing is asked for', () => {
    expect(metricsRange({}, NOW)).toEqual({
      from: 1_799_996_400,
      to: 1_800_000_060,
      step: 60,
      source: 'samples',
    });
  });

  it.each([
    [DAY, 300, 'samples'],
    [7 * DAY, 1800, 'samples'],
    [8 * DAY, 3600, 'hours'],
    [30 * DAY, 7200, 'hours'],
    [400 * DAY, DAY, 'hours'],
  ])('of %d seconds takes a step of %d, from %s', (seconds, step, source) => {
    expect(metricsRange({ from: NOW - seconds }, NOW)).toMatchObject({ step, source });
  });

  it('takes hours where samples are gone', () => {
    expect(metricsRange({ from: NOW - 40 * DAY, to: NOW - 39 * DAY }, NOW)).toMatchObject({
      step: 3600,
      source: 'hours',
    });
  });

  it('does not look into the future', () => {
    expect(metricsRange({ to: NOW + DAY }, NOW)).toEqual(metricsRange({}, NOW));
  });

  it.each([
    [{ from: NOW }, 'from'],
    [{ from: NOW + 1, to: NOW + 10 }, 'from'],
    [{ from: 0 }, 'from'],
    [{ from: NOW - DAY, step: 10 }, 'step'],
    [{ from: NOW - 8 * DAY, step: 60 }, 'step'],
    [{ from: NOW - 70 * DAY, step: 3600 }, 'step'],
  ])('refuses %j, naming %s and the bound', (query, name) => {
    expect(() => metricsRange(query, NOW)).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        details: { fields: [{ name, messages: [expect.any(String)] }] },
      }),
    );
  });

  it('names how many points it may be', () => {
    expect(() => metricsRange({ from: NOW - DAY, step: 10 }, NOW)).toThrow(/at most 1500/);
  });
});
