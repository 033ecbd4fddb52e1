/**
 * `[t, v]`: seconds since 1970; null where nothing was measured. Pairs, as the API's document says; the client's types know
 * arrays only.
 */
export type Points = readonly (readonly (number | null)[])[];

type Row = { t: number } & Record<string, number | null>;

/** One row a moment, as charts take them: series may have moments of their own. */
export function rowsOf(series: readonly { name: string; points: Points }[]): Row[] {
  const rows = new Map<number, Row>();
  for (const { name, points } of series) {
    for (const [t, value = null] of points) {
      if (t == null) continue;
      const row = rows.get(t) ?? ({ t } as Row);
      row[name] = value;
      rows.set(t, row);
    }
  }
  return [...rows.values()].sort((a, b) => a.t - b.t);
}

/** How high a moment is drawn: the sum of what is stacked, else the highest. */
export function heightOf(row: Row, series: readonly { name: string }[], stacked: boolean): number {
  const values = series.map(({ name }) => row[name] ?? 0);
  return stacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
}

export function statsOf(points: Points): { last: number; most: number; sum: number } | null {
  const values = points.map(([, value]) => value).filter((value) => value != null);
  if (values.length === 0) return null;
  return {
    last: values.at(-1)!,
    most: Math.max(...values),
    sum: values.reduce((sum, value) => sum + value, 0),
  };
}

const INTERVALS = 4;

/** Marks of an axis from 0 to at least `top`, round in what people count in: powers of two for bytes. */
export function marksOf(top: number, binary: boolean): number[] {
  const least = Math.max(top, Number.MIN_VALUE) / INTERVALS;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = binary
    ? 2 ** Math.ceil(Math.log2(least))
    : [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= least * 0.999_999)!;
  const count = Math.max(1, Math.ceil(top / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

const DAY_S = 86_400;

/** A moment below an axis: the time of day, the day where it spans several. */
export function axisTime(t: number, spanS: number): string {
  const date = new Date(t * 1000);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (spanS <= 1.5 * DAY_S) return time;
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return spanS <= 8 * DAY_S ? `${day} ${time}` : day;
}
