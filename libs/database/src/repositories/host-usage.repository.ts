import type { DataSource, EntityManager } from 'typeorm';
import { SAMPLE_DAYS, type HostMetricsRange } from '@berth/domain';

/** Seconds that one row tells of. */
const ROW_S = 300;

/** What a host's servers were found to use at one sample. */
export interface HostUse {
  servers: number;
  cpus: number;
  ramBytes: number;
  diskBytes: number;
}

/** Adds a sample of a host, with what is allocated on it now, to the five minutes of `at`. */
export async function addHostUsage(em: EntityManager, hostId: string, at: Date, use: HostUse): Promise<void> {
  await em.query(
    `INSERT INTO host_usage (host_id, at, samples, servers, used_cpus, used_ram_bytes, used_disk_bytes, allocated_cpus,
            allocated_ram_bytes, allocated_disk_bytes, capacity_cpus, capacity_ram_bytes, capacity_disk_bytes)
     SELECT id, to_timestamp(floor(extract(epoch FROM $2::timestamptz) / ${ROW_S}) * ${ROW_S}), 1, $3, $4, $5, $6, used_cpus,
            used_ram_bytes, used_disk_bytes, capacity_cpus, capacity_ram_bytes, capacity_disk_bytes
       FROM hosts WHERE id = $1
     ON CONFLICT (host_id, at) DO UPDATE SET samples = host_usage.samples + 1, servers = EXCLUDED.servers,
       used_cpus = host_usage.used_cpus + EXCLUDED.used_cpus, used_ram_bytes = host_usage.used_ram_bytes + EXCLUDED.used_ram_bytes,
       used_disk_bytes = host_usage.used_disk_bytes + EXCLUDED.used_disk_bytes, allocated_cpus = EXCLUDED.allocated_cpus,
       allocated_ram_bytes = EXCLUDED.allocated_ram_bytes, allocated_disk_bytes = EXCLUDED.allocated_disk_bytes,
       capacity_cpus = EXCLUDED.capacity_cpus, capacity_ram_bytes = EXCLUDED.capacity_ram_bytes,
       capacity_disk_bytes = EXCLUDED.capacity_disk_bytes`,
    [hostId, at, use.servers, use.cpus, use.ramBytes, use.diskBytes],
  );
}

/** Deletes what is older than samples are kept; gives the number of rows. */
export async function dropOldHostUsage(dataSource: DataSource, now: Date): Promise<number> {
  const [, count]: [unknown[], number] = await dataSource.query(
    'DELETE FROM host_usage WHERE at < $1::timestamptz - make_interval(days => $2)',
    [now, SAMPLE_DAYS],
  );
  return count;
}

const SERIES = [
  'servers',
  'used_cpus',
  'used_ram_bytes',
  'used_disk_bytes',
  'allocated_cpus',
  'allocated_ram_bytes',
  'allocated_disk_bytes',
  'capacity_cpus',
  'capacity_ram_bytes',
  'capacity_disk_bytes',
] as const;

/** One step: averages. `t` is its start, Unix seconds. */
export type HostUsageStep = { t: number } & Record<(typeof SERIES)[number], number>;

const average = (name: string) =>
  name.startsWith('used_') ? `sum(${name}) / sum(samples) AS ${name}` : `avg(${name})::float8 AS ${name}`;

/** The steps in which the host was sampled, in order. */
export function readHostUsage(
  em: EntityManager,
  hostId: string,
  { from, to, step }: HostMetricsRange,
): Promise<HostUsageStep[]> {
  return em.query(
    `SELECT floor(date_part('epoch', at) / $4::int) * $4::int AS t, ${SERIES.map(average).join(', ')}
       FROM host_usage WHERE host_id = $1 AND at >= to_timestamp($2) AND at < to_timestamp($3) GROUP BY 1 ORDER BY 1`,
    [hostId, from, to, step],
  );
}
