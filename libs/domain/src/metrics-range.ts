import { MAX_METRIC_POINTS, type ServerMetricsQuery } from '@berth/contracts';
import { BerthError } from './berth-error';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** Samples serve ranges up to this; longer ones are served by the hours. */
export const MAX_SAMPLE_RANGE_S = 7 * DAY_S;
/** Days that samples are kept for. */
export const SAMPLE_DAYS = 30;
const MAX_RANGE_S = 400 * DAY_S;
const STEPS_S = [60, 120, 300, 600, 1800, HOUR_S, 2 * HOUR_S, 6 * HOUR_S, DAY_S];
/** A graph has no more pixels to show. */
const GOOD_POINTS = 400;

/** Unix seconds; whole steps. */
export interface MetricsRange {
  from: number;
  to: number;
  step: number;
  source: 'samples' | 'hours';
}

/** What a query of metrics means at `now` (Unix seconds). Throws `invalid_input` with the bound that it is over. */
export function metricsRange(query: ServerMetricsQuery, now: number): MetricsRange {
  const to = Math.min(query.to ?? now, now);
  const from = query.from ?? to - HOUR_S;
  if (from >= to) throw refusal('from', 'must be before `to`, and in the past');
  if (to - from > MAX_RANGE_S)
    throw refusal('from', `the range must not be longer than ${MAX_RANGE_S / DAY_S} days`);
  const source = isForSamples(from, to, now) ? 'samples' : 'hours';
  const step = query.step ?? chooseStep(to - from, source);
  if (source === 'hours' && step % HOUR_S !== 0)
    throw refusal(
      'step',
      `must be a multiple of ${HOUR_S} where the range is longer than ${MAX_SAMPLE_RANGE_S / DAY_S} days or begins more than ${SAMPLE_DAYS} days ago`,
    );
  const range = {
    from: Math.floor(from / step) * step,
    to: Math.ceil(to / step) * step,
    step,
    source,
  } as const;
  assertFewPoints(range);
  return range;
}

function assertFewPoints({ from, to, step }: HostMetricsRange): void {
  const points = (to - from) / step;
  if (points > MAX_METRIC_POINTS)
    throw refusal(
      'step',
      `gives ${points} points: take a longer step or a shorter range, for at most ${MAX_METRIC_POINTS}`,
    );
}

/** Unix seconds; whole steps of what hosts' fill is kept in. */
export type HostMetricsRange = Omit<MetricsRange, 'source'>;

/** Seconds that a row of a host's fill tells of: no step is shorter. */
const HOST_STEP_S = 300;

/** As metricsRange, of a host's fill: the last day where nothing is asked for. */
export function hostMetricsRange(query: ServerMetricsQuery, now: number): HostMetricsRange {
  const to = Math.min(query.to ?? now, now);
  const from = query.from ?? to - DAY_S;
  if (from >= to) throw refusal('from', 'must be before `to`, and in the past');
  if (to - from > SAMPLE_DAYS * DAY_S)
    throw refusal('from', `the range must not be longer than ${SAMPLE_DAYS} days: no more is kept`);
  const step =
    query.step ?? STEPS_S.find((one) => one >= HOST_STEP_S && (to - from) / one <= GOOD_POINTS) ?? DAY_S;
  if (step % HOST_STEP_S !== 0) throw refusal('step', `must be a multiple of ${HOST_STEP_S}`);
  const range = { from: Math.floor(from / step) * step, to: Math.ceil(to / step) * step, step };
  assertFewPoints(range);
  return range;
}

function isForSamples(from: number, to: number, now: number): boolean {
  return to - from <= MAX_SAMPLE_RANGE_S && from >= now - SAMPLE_DAYS * DAY_S;
}

function chooseStep(seconds: number, source: MetricsRange['source']): number {
  const shortest = source === 'hours' ? HOUR_S : 0;
  return STEPS_S.find((step) => step >= shortest && seconds / step <= GOOD_POINTS) ?? DAY_S;
}

function refusal(name: string, message: string): BerthError {
  return new BerthError('invalid_input', `${name}: ${message}`, { fields: [{ name, messages: [message] }] });
}
