import { AreaChart, BarChart, LineChart } from '@mantine/charts';
import { Group, Stack, Text, useComputedColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import { byteRate, bytes } from '../format/amounts';
import { moment } from '../format/times';
import classes from './time-chart.module.css';
import { axisTime, heightOf, marksOf, type Points, rowsOf, statsOf } from './time-points';

export interface TimeSeries {
  /** A key of its own within the chart. */
  name: string;
  label: string;
  points: Points;
  /** A theme colour without shade (`teal`); told apart by the order where not given. */
  colour?: string;
}

interface TimeChartProps {
  /** What is drawn, for those who can't see it: `Memory of web-1`. */
  label: string;
  series: TimeSeries[];
  format: (value: number) => string;
  /** `line`; `area` to stack what adds up; `bars` for counts in steps. */
  kind?: 'line' | 'area' | 'bars';
  /** A limit, drawn as a line of its own. */
  limit?: { value: number; label: string } | null;
  /** The top of the axis where nothing is above it: 100 of percents. */
  top?: number;
  height?: number;
}

const COLOURS = ['berth', 'orange', 'teal', 'grape', 'pink', 'lime'];

/** Values over time. Where nothing was measured is a gap. What it shows is below it in figures, for every reader. */
export function TimeChart(props: TimeChartProps) {
  const { label, series, format, kind = 'line', limit, top, height = 180 } = props;
  const shade = useComputedColorScheme('light') === 'dark' ? 5 : 7;
  const rows = useMemo(() => rowsOf(series), [series]);
  const times = rows.map(({ t }) => t);
  const tops = rows.map((row) => heightOf(row, series, kind !== 'line'));
  const most = Math.max(top ?? 0, ...tops) || 1;
  const marks = marksOf(kind === 'bars' ? Math.max(most, 4) : most, format === bytes || format === byteRate);
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const drawn = series.map(({ name, label: text, colour }, index) => ({
    name,
    label: text,
    color: `${colour ?? COLOURS[index % COLOURS.length]}.${shade}`,
  }));
  const shared = {
    h: height,
    data: rows,
    dataKey: 't',
    series: drawn,
    valueFormatter: format,
    // What a screen reader gets is the text below; a focusable drawing would only be in its way.
    accessibilityLayer: false,
    'aria-hidden': true,
    xAxisProps: {
      tickFormatter: (t: number) => axisTime(t, span),
      minTickGap: 48,
      ...(kind !== 'bars' && {
        type: 'number' as const,
        domain: ['dataMin', 'dataMax'] as ['dataMin', 'dataMax'],
      }),
    },
    yAxisProps: {
      width: 'auto' as const,
      ticks: marks,
      domain: [0, marks.at(-1)!] as [number, number],
      interval: 0,
    },
    tooltipProps: {
      labelFormatter: (t: React.ReactNode) => moment(Number(t) * 1000),
      isAnimationActive: false,
    },
    referenceLines: limit ? [{ y: limit.value, label: limit.label, color: 'red.7' }] : undefined,
    gridAxis: 'x' as const,
    strokeWidth: 2,
    withDots: rows.length < 3,
    connectNulls: false,
    curveType: 'linear' as const,
  };
  if (series.every(({ points }) => points.every(([, value]) => value == null))) {
    return (
      <Text size="sm" c="dimmed" py="lg" ta="center">
        {label}: nothing was measured in this time.
      </Text>
    );
  }
  return (
    <Stack component="figure" gap={6} m={0} aria-label={label}>
      {kind === 'area' && <AreaChart {...shared} type="stacked" areaProps={still} fillOpacity={0.35} />}
      {kind === 'line' && <LineChart {...shared} lineProps={still} />}
      {kind === 'bars' && <TimeBars {...shared} />}
      <Legend
        series={series}
        colours={drawn.map(({ color }) => color)}
        format={format}
        sums={kind === 'bars'}
      />
    </Stack>
  );
}

const still = { isAnimationActive: false };

type BarProps = React.ComponentProps<typeof BarChart>;

/** Without what only lines have. */
function TimeBars({
  withDots: _dots,
  connectNulls: _nulls,
  curveType: _curve,
  strokeWidth: _width,
  ...shared
}: BarProps & { withDots: boolean; connectNulls: boolean; curveType: string; strokeWidth: number }) {
  return <BarChart {...shared} type="stacked" barProps={still} maxBarWidth={24} />;
}

interface LegendProps {
  series: TimeSeries[];
  colours: string[];
  format: (value: number) => string;
  /** Counts add up; what is measured has a last and a highest value. */
  sums: boolean;
}

function Legend({ series, colours, format, sums }: LegendProps) {
  return (
    <Group component="figcaption" gap="sm">
      {series.map(({ name, label, points }, index) => {
        const stats = statsOf(points);
        const [colour, shade] = colours[index]!.split('.');
        return (
          <Text key={name} size="xs" c="dimmed" component="span">
            <span
              className={classes.swatch}
              style={{ background: `var(--mantine-color-${colour}-${shade})` }}
              aria-hidden
            />
            {label}
            {stats &&
              (sums
                ? `: ${format(stats.sum)} in all`
                : `: ${format(stats.last)} now, ${format(stats.most)} at most`)}
          </Text>
        );
      })}
    </Group>
  );
}
