import { SegmentedControl } from '@mantine/core';
import { useFilters } from './use-filters';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

const seconds = { '1h': HOUR_S, '6h': 6 * HOUR_S, '24h': DAY_S, '7d': 7 * DAY_S, '30d': 30 * DAY_S };
const labels = { '1h': '1 h', '6h': '6 h', '24h': '24 h', '7d': '7 d', '30d': '30 d' };

export type TimeRange = keyof typeof seconds;

const isRange = (text: string | undefined): text is TimeRange => text !== undefined && text in seconds;

/** The range that charts show; it is in the page's address, as filters are. */
export function useTimeRange(fallback: TimeRange = '1h'): [TimeRange, (range: TimeRange) => void] {
  const [filters, setFilters] = useFilters();
  return [isRange(filters.range) ? filters.range : fallback, (range) => setFilters({ range })];
}

/** Of now, for the API: whole seconds since 1970. Ask for it when fetching: time goes on. */
export function spanOf(range: TimeRange): { from: string; to: string } {
  const to = Math.floor(Date.now() / 1000);
  return { from: String(to - seconds[range]), to: String(to) };
}

/** How often another point is to be expected, ms. */
export const refreshMs = (range: TimeRange) => Math.max(15_000, seconds[range] * 4);

export function TimeRangePicker({
  value,
  onChange,
}: {
  value: TimeRange;
  onChange: (range: TimeRange) => void;
}) {
  return (
    <SegmentedControl
      aria-label="Range of time"
      size="xs"
      value={value}
      onChange={(range) => isRange(range) && onChange(range)}
      data={Object.entries(labels).map(([range, label]) => ({ value: range, label }))}
    />
  );
}
