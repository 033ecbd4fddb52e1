import { Stack, Title } from '@mantine/core';
import type { Limits, Server } from '../../../api/types';
import type { ServerMetrics } from '../../../api/server-usage';
import { TimeChart } from '../../../components/time-chart';
import { bitRate, byteRate, bytes, count, percent } from '../../../format/amounts';

interface ChartOf {
  title: string;
  series: [keyof ServerMetrics['series'], string][];
  format: (value: number) => string;
  limit?: (limits: Limits) => number | null;
}

/** The three that are looked at most come first. */
export const charts: ChartOf[] = [
  {
    title: 'Processor',
    series: [['cpu_percent', 'Of one CPU']],
    format: percent,
    limit: ({ cpu_limit_percent, cpus }) => cpu_limit_percent ?? (cpus === null ? null : cpus * 100),
  },
  {
    title: 'Memory',
    series: [
      ['ram_bytes', 'Memory'],
      ['swap_bytes', 'Swap'],
    ],
    format: bytes,
    limit: ({ ram_bytes }) => ram_bytes,
  },
  {
    title: 'Network',
    series: [
      ['net_in_bps', 'In'],
      ['net_out_bps', 'Out'],
    ],
    format: bitRate,
  },
  {
    title: 'Disk space',
    series: [['disk_bytes', 'Used']],
    format: bytes,
    limit: ({ disk_bytes }) => disk_bytes,
  },
  {
    title: 'Reading and writing',
    series: [
      ['io_read_bps', 'Read'],
      ['io_write_bps', 'Written'],
    ],
    format: byteRate,
  },
  {
    title: 'Processes',
    series: [['num_proc', 'Processes']],
    format: count,
    limit: ({ num_proc }) => num_proc,
  },
  {
    title: 'Files and directories',
    series: [['inodes', 'Files and directories']],
    format: count,
    limit: ({ disk_inodes }) => disk_inodes,
  },
];

interface ServerChartProps {
  chart: ChartOf;
  server: Server;
  metrics: ServerMetrics;
  height?: number;
}

/** A limit far above what is used is left out: it would press the line to the floor. */
const NEAR = 4;

export function ServerChart({ chart, server, metrics, height }: ServerChartProps) {
  const series = chart.series.map(([name, label]) => ({ name, label, points: metrics.series[name] }));
  const most = Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value ?? 0)));
  const limit = chart.limit?.(server.limits) ?? null;
  const near = limit !== null && most > 0 && limit <= most * NEAR;
  return (
    <Stack gap={6}>
      <Title order={3} size="h6">
        {chart.title}
      </Title>
      <TimeChart
        label={`${chart.title} of ${server.name}`}
        series={series}
        format={chart.format}
        limit={near ? { value: limit, label: `limit ${chart.format(limit)}` } : null}
        height={height}
      />
    </Stack>
  );
}
