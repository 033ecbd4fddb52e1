import type { MetricSeries } from '@berth/contracts';
import type { UsageStep } from '@berth/database';
import type { MetricsRange } from '@berth/domain';

const rate = (amount: keyof UsageStep, factor: number) => (step: UsageStep) =>
  step.span_ms > 0 ? (step[amount]! * factor) / step.span_ms : null;
const gauge = (name: keyof UsageStep) => (step: UsageStep) => step[name];

/** Sums are in bytes and µs, spans in ms. */
const values: Record<keyof MetricSeries, (step: UsageStep) => number | null> = {
  cpu_percent: rate('cpu_us', 0.1),
  ram_bytes: gauge('ram_bytes'),
  swap_bytes: gauge('swap_bytes'),
  disk_bytes: gauge('disk_bytes'),
  inodes: gauge('inodes'),
  num_proc: gauge('num_proc'),
  net_in_bps: rate('net_in_bytes', 8000),
  net_out_bps: rate('net_out_bytes', 8000),
  io_read_bps: rate('io_read_bytes', 1000),
  io_write_bps: rate('io_write_bytes', 1000),
};

/** Every step of the range in every series; null where nothing was sampled. Rounded to thousandths. */
export function metricSeries({ from, to, step }: MetricsRange, steps: readonly UsageStep[]): MetricSeries {
  const found = new Map(steps.map((one) => [one.t, one]));
  const times = Array.from({ length: (to - from) / step }, (_, i) => from + i * step);
  const names = Object.keys(values) as (keyof MetricSeries)[];
  const series = names.map((name) => {
    const points = times.map((t): [number, number | null] => {
      const one = found.get(t);
      const value = one ? values[name](one) : null;
      return [t, value === null ? null : Math.round(value * 1000) / 1000];
    });
    return [name, points] as const;
  });
  return Object.fromEntries(series) as MetricSeries;
}
