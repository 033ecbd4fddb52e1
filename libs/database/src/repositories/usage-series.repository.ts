import type { MetricsRange } from '@berth/domain';
import type { EntityManager } from 'typeorm';

/** One step's sums; averages are for the reader to make. */
export interface UsageStep {
  /** Its start, Unix seconds. */
  t: number;
  span_ms: number;
  cpu_us: number;
  io_read_bytes: number;
  io_write_bytes: number;
  net_in_bytes: number;
  net_out_bytes: number;
  /** Averages; null where no sample has the figure. */
  ram_bytes: number | null;
  swap_bytes: number | null;
  disk_bytes: number | null;
  inodes: number | null;
  num_proc: number | null;
}

const SUMS = ['span_ms', 'cpu_us', 'io_read_bytes', 'io_write_bytes', 'net_in_bytes', 'net_out_bytes'];
const GAUGES = ['ram_bytes', 'swap_bytes', 'disk_bytes', 'inodes', 'num_proc'];

/** A gauge of a sample, as a sum and the number of samples in it: like those of an hour. */
const ofSample: Record<string, string> = {
  ram_bytes: 'ram_pages * 4096.0',
  swap_bytes: 'swap_pages * 4096.0',
};
const sampleGauge = (gauge: string) => {
  const value = ofSample[gauge] ?? gauge;
  return `coalesce(${value}, 0)::float8 AS ${gauge}_sum, (${value} IS NOT NULL)::int AS ${gauge}_n`;
};
const hourGauge = (gauge: string) =>
  `${gauge}_sum::float8, ${gauge.replace('_bytes', '')}_samples AS ${gauge}_n`;

/** Samples from $2 to $3. */
const SAMPLES = `SELECT at AS moment, ${SUMS.join(', ')}, ${GAUGES.map(sampleGauge).join(', ')}
    FROM usage_samples WHERE server_number = $1 AND at >= $2::timestamptz AND at < $3::timestamptz`;
/** Hours from $2 to $3, and the samples of hours not yet rolled up. */
const HOURS = `SELECT hour AS moment, ${SUMS.join(', ')}, ${GAUGES.map(hourGauge).join(', ')}
    FROM usage_hours WHERE server_number = $1 AND hour >= $2::timestamptz
      AND hour < least($3::timestamptz, $5::timestamptz)
  UNION ALL
  ${SAMPLES.replace('at >= $2::timestamptz', 'at >= greatest($2::timestamptz, $5::timestamptz)')}`;

const seriesSql = (moments: string) => `
  SELECT floor(date_part('epoch', moment) / $4::int) * $4::int AS t,
         ${SUMS.map((sum) => `sum(${sum})::float8 AS ${sum}`).join(', ')},
         ${GAUGES.map((gauge) => `sum(${gauge}_sum) / nullif(sum(${gauge}_n), 0) AS ${gauge}`).join(', ')}
    FROM (${moments}) moments GROUP BY 1 ORDER BY 1`;

/** SQL and parameters of `readUsageSeries`: by itself for a look at its plan. */
export function usageSeriesQuery(
  serverNumber: number,
  { from, to, step, source }: MetricsRange,
  rolledUpTo: Date,
): { sql: string; parameters: unknown[] } {
  const parameters = [serverNumber, new Date(from * 1000), new Date(to * 1000), step];
  if (source === 'samples') return { sql: seriesSql(SAMPLES), parameters };
  return { sql: seriesSql(HOURS), parameters: [...parameters, rolledUpTo] };
}

/** The steps in which the server was sampled, in order. */
export async function readUsageSeries(
  em: EntityManager,
  serverNumber: number,
  range: MetricsRange,
): Promise<UsageStep[]> {
  const [progress]: { at: Date }[] = await em.query('SELECT rolled_up_to AS at FROM usage_progress');
  const { sql, parameters } = usageSeriesQuery(serverNumber, range, progress!.at);
  return em.query(sql, parameters);
}
