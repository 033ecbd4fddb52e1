import {
  advanceCounters,
  type Counters,
  type CounterReading,
  type CounterState,
  type SumResource,
} from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { addHostUsage, type HostUse } from './host-usage.repository';
import { USAGE_LOCK } from './usage-lock';

const MAX_INT = 2 ** 31 - 1;
const PAGE_BYTES = 4096;

/** One container's counters, by its server's number. */
export interface UsageReading {
  serverNumber: number;
  boot: string | null;
  counters: Counters;
  /** Unix ms, by the host's clock. */
  hostAt: number;
}

interface ServerRow {
  number: string;
  created_at: Date;
  from_zero: boolean;
}

interface StateRow extends CounterState {
  number: string;
  at: Date;
  hostAt: Date;
}

interface Sample {
  number: number;
  at: Date;
  spanMs: number;
  used: Record<SumResource, number>;
  reading: UsageReading;
  state: CounterState;
}

/**
 * Writes a sample of each of the host's servers; of containers that are no server's, or whose server is on another host, none.
 * In one transaction with what shows that the host is the caller's to sample. `now`: for tests; else Postgres's clock.
 * Gives the number of samples.
 */
export async function writeUsageSamples(
  em: EntityManager,
  hostId: string,
  readings: readonly UsageReading[],
  now?: Date,
): Promise<number> {
  await em.query('SELECT pg_advisory_xact_lock_shared($1, 0)', [USAGE_LOCK]);
  const [{ at }]: [{ at: Date }] = await em.query(
    `SELECT greatest(coalesce($1::timestamptz, clock_timestamp()), closed_to) AS at FROM usage_progress`,
    [now ?? null],
  );
  const numbers = readings.map(({ serverNumber }) => serverNumber);
  const servers: ServerRow[] = await em.query(
    `SELECT s.number, s.created_at, s.created_at >= p.since AS from_zero FROM servers s, usage_progress p
      WHERE s.host_id = $1 AND s.number = ANY ($2::bigint[]) AND s.deleted_at IS NULL`,
    [hostId, numbers],
  );
  // In order, since two hosts' samplers may meet at a server that moves.
  const states: StateRow[] = await em.query(
    `SELECT server_number AS number, host_id AS "hostId", boot, at, host_at AS "hostAt", counters, carried
       FROM usage_counters WHERE server_number = ANY ($1::bigint[]) ORDER BY server_number FOR UPDATE`,
    [servers.map(({ number }) => number)],
  );
  const readingOf = new Map(readings.map((reading) => [reading.serverNumber, reading]));
  const stateOf = new Map(states.map((state) => [state.number, state]));
  const samples = servers.map((server) =>
    takeSample(hostId, server, stateOf.get(server.number) ?? null, readingOf.get(Number(server.number))!, at),
  );
  if (samples.length > 0) {
    await insertSamples(em, samples);
    await saveStates(em, samples);
  }
  await addHostUsage(em, hostId, at, hostUse(samples));
  return samples.length;
}

/** CPUs as the sum of the servers' own rates: their samples tell of different times. */
function hostUse(samples: readonly Sample[]): HostUse {
  const sum = (of: (sample: Sample) => number) => samples.reduce((total, sample) => total + of(sample), 0);
  const held = (resource: keyof Counters) => sum(({ reading }) => reading.counters[resource]?.[0] ?? 0);
  return {
    servers: samples.length,
    cpus: sum(({ used, spanMs }) => (spanMs > 0 ? used.cputime / (spanMs * 1000) : 0)),
    ramBytes: held('physpages') * PAGE_BYTES,
    diskBytes: held('diskspace'),
  };
}

function takeSample(
  hostId: string,
  server: ServerRow,
  last: StateRow | null,
  reading: UsageReading,
  now: Date,
): Sample {
  const next: CounterReading = { hostId, boot: reading.boot, counters: reading.counters };
  const { state, used } = advanceCounters(last, next, server.from_zero);
  // A clock that was set back must not write into the past of this server.
  const at = last && now <= last.at ? new Date(+last.at + 1) : now;
  const first = server.from_zero ? +at - +server.created_at : 0;
  const spanMs = last ? spanOf(last, hostId, reading.hostAt, at) : Math.max(0, first);
  return { number: Number(server.number), at, spanMs: Math.min(spanMs, MAX_INT), used, reading, state };
}

/** By the host's clock where that can be: it knows when it counted, we when we wrote it down. */
function spanOf(last: StateRow, hostId: string, hostAt: number, at: Date): number {
  const ours = +at - +last.at;
  const theirs = hostAt - +last.hostAt;
  const isPlausible = last.hostId === hostId && theirs > 0 && Math.abs(theirs - ours) < 10_000;
  return isPlausible ? theirs : ours;
}

async function insertSamples(em: EntityManager, samples: Sample[]): Promise<void> {
  const used = (sum: SumResource) => samples.map((sample) => sample.used[sum]);
  const held = (resource: keyof Counters, max = Number.MAX_SAFE_INTEGER) =>
    samples.map(({ reading }) => {
      const value = reading.counters[resource]?.[0];
      return value === undefined ? null : Math.min(value, max);
    });
  await em.query(
    `INSERT INTO usage_samples (server_number, at, cpu_us, io_read_bytes, io_write_bytes, net_in_bytes, net_out_bytes,
                                disk_bytes, inodes, span_ms, ram_pages, swap_pages, num_proc)
     SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                          $8::bigint[], $9::bigint[], $10::int[], $11::int[], $12::int[], $13::int[])`,
    [
      samples.map(({ number }) => number),
      samples.map(({ at }) => at),
      used('cputime'),
      used('ioread'),
      used('iowrite'),
      used('netin'),
      used('netout'),
      held('diskspace'),
      held('diskinodes'),
      samples.map(({ spanMs }) => spanMs),
      held('physpages', MAX_INT),
      held('swappages', MAX_INT),
      held('numproc', MAX_INT),
    ],
  );
}

async function saveStates(em: EntityManager, samples: Sample[]): Promise<void> {
  await em.query(
    `INSERT INTO usage_counters (server_number, host_id, boot, at, host_at, counters, carried)
     SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::jsonb[], $7::jsonb[])
     ON CONFLICT (server_number) DO UPDATE SET host_id = EXCLUDED.host_id, boot = EXCLUDED.boot, at = EXCLUDED.at,
       host_at = EXCLUDED.host_at, counters = EXCLUDED.counters, carried = EXCLUDED.carried`,
    [
      samples.map(({ number }) => number),
      samples.map(({ state }) => state.hostId),
      samples.map(({ state }) => state.boot),
      samples.map(({ at }) => at),
      samples.map(({ reading }) => new Date(reading.hostAt)),
      samples.map(({ state }) => JSON.stringify(state.counters)),
      samples.map(({ state }) => JSON.stringify(state.carried)),
    ],
  );
}
