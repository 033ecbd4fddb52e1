import type { DriverName, HostState, ServerStatus } from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import { prepared } from '../prepared';

export interface FleetAmounts {
  cpus: number;
  ram_bytes: number;
  disk_bytes: number;
}

export interface FleetHost {
  id: string;
  name: string;
  location: string;
  driver: DriverName;
  state: HostState;
  reachable: boolean;
  last_seen_at: Date | null;
  last_error: string | null;
  /** 0 to 1: fullness of the scarcest resource. */
  load: number;
  servers: number;
  capacity: FleetAmounts;
  allocatable: FleetAmounts;
  allocated: FleetAmounts;
  /** Null: no sample in the last quarter of an hour. */
  used: FleetAmounts | null;
}

const amounts = (of: (resource: string) => string) =>
  `jsonb_build_object('cpus', ${of('cpus')}, 'ram_bytes', ${of('ram_bytes')}, 'disk_bytes', ${of('disk_bytes')})`;

const HOSTS = prepared(
  'overview_hosts',
  `SELECT h.id, h.name, l.name AS location, h.driver, h.state, h.reachable, h.last_seen_at, h.last_error, h.placement_load AS load,
          h.used_servers AS servers, ${amounts((one) => `h.capacity_${one}`)} AS capacity,
          ${amounts((one) => `h.capacity_${one} * h.overcommit_${one.split('_')[0]}`)} AS allocatable,
          ${amounts((one) => `h.used_${one}`)} AS allocated,
          CASE WHEN u.samples IS NOT NULL THEN ${amounts((one) => `u.used_${one} / u.samples`)} END AS used
     FROM hosts h JOIN locations l ON l.id = h.location_id
     LEFT JOIN (SELECT DISTINCT ON (host_id) host_id, samples, used_cpus, used_ram_bytes, used_disk_bytes FROM host_usage WHERE at > now() - interval '15 minutes' ORDER BY host_id, at DESC) u
       ON u.host_id = h.id
    WHERE h.state <> 'removed' ORDER BY h.name`,
);

/** All hosts that are not removed, and how full they are. */
export function readFleet(em: EntityManager): Promise<FleetHost[]> {
  return em.query(HOSTS, []);
}

/** A number of things and since when, or null where there is none. */
export interface Count {
  count: number;
  since: string;
}

export interface OverviewFacts {
  servers: Partial<Record<ServerStatus, number>>;
  per_minute: { at: string; succeeded: number; failed: number; cancelled: number }[];
  pending: number;
  running: number;
  /** Could be taken now. */
  oldest_pending_s: number | null;
  pending_long: Count | null;
  /** Of workers whose lease ran out some time ago. */
  stalled: Count | null;
  failed_last_hour: (Count & { codes: string[] }) | null;
  drift: Count | null;
  /** By location and family, those of which little is left. */
  ip_pools: { location_id: string; location: string; family: number; used: number; usable: number }[];
  webhooks_disabled: { id: string; url: string; reason: string }[];
  metered_to: Date;
}

/** Pending for so long is worth an alert; a lease that ran out so long ago is, since others should have taken over. */
const LONG_S = 60;
/** Used up to this share, a pool is nearly used up. */
const POOL_SHARE = 0.9;

// Each half of what is under way has its own partial index: nothing is read of the operations that have ended.
const ACTIVE = `
  SELECT status, run_after, lease_until, false AS waits FROM operations WHERE status IN ('pending','running') AND waits_for IS NULL
  UNION ALL
  SELECT status, run_after, lease_until, true FROM operations WHERE status IN ('pending','running') AND waits_for IS NOT NULL`;

const countOf = (moment: string, from: string) =>
  `(SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object('count', count(*), 'since', min(${moment})) END FROM ${from})`;

const FACTS = prepared(
  'overview_facts',
  `WITH active AS (${ACTIVE}),
   ended AS (
     SELECT date_trunc('minute', finished_at) AS at, status, count(*) AS n FROM operations
      WHERE finished_at >= date_trunc('minute', now()) - interval '59 minutes' GROUP BY 1, 2),
   minutes AS (
     SELECT m AS at, coalesce(sum(n) FILTER (WHERE status = 'succeeded'), 0) AS succeeded,
            coalesce(sum(n) FILTER (WHERE status = 'failed'), 0) AS failed,
            coalesce(sum(n) FILTER (WHERE status = 'cancelled'), 0) AS cancelled
       FROM generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), '1 minute') m
       LEFT JOIN ended ON ended.at = m GROUP BY m),
   failed AS (SELECT finished_at, error->>'code' AS code FROM operations
               WHERE finished_at > now() - interval '1 hour' AND status = 'failed'),
   pools AS (
     SELECT p.location_id, p.family, sum(p.units - CASE WHEN p.family = 4 AND p.units > 2 THEN 2 ELSE 0 END
              - CASE WHEN p.gateway <<= p.cidr AND p.family = 4 THEN 1 ELSE 0 END) AS usable, coalesce(sum(a.used), 0) AS used
       FROM ip_pools p LEFT JOIN (
         SELECT pool_id, count(*) AS used FROM addresses WHERE server_id IS NOT NULL GROUP BY 1) a ON a.pool_id = p.id
      GROUP BY 1, 2)
   SELECT (SELECT coalesce(jsonb_object_agg(status, n), '{}') FROM
            (SELECT status, count(*) AS n FROM servers WHERE deleted_at IS NULL GROUP BY status) s) AS servers,
          (SELECT jsonb_agg(minutes ORDER BY at) FROM minutes) AS per_minute,
          (SELECT count(*) FROM active WHERE status = 'pending')::int AS pending,
          (SELECT count(*) FROM active WHERE status = 'running')::int AS running,
          (SELECT extract(epoch FROM now() - min(run_after))::float8 FROM active
            WHERE status = 'pending' AND NOT waits AND run_after <= now()) AS oldest_pending_s,
          ${countOf('run_after', `active WHERE status = 'pending' AND NOT waits AND run_after < now() - interval '${LONG_S} s'`)} AS pending_long,
          ${countOf('lease_until', `active WHERE status = 'running' AND lease_until < now() - interval '${LONG_S} s'`)} AS stalled,
          (SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object('count', count(*), 'since', min(finished_at),
             'codes', (SELECT jsonb_agg(code) FROM (SELECT code FROM failed WHERE code IS NOT NULL GROUP BY code
                                                     ORDER BY count(*) DESC, code LIMIT 3) most)) END FROM failed) AS failed_last_hour,
          ${countOf('found_at', 'drift_findings WHERE resolved_at IS NULL')} AS drift,
          (SELECT coalesce(jsonb_agg(jsonb_build_object('location_id', l.id, 'location', l.name, 'family', family, 'used', used,
                  'usable', usable) ORDER BY l.name, family), '[]')
             FROM pools JOIN locations l ON l.id = location_id WHERE used >= ${POOL_SHARE} * usable) AS ip_pools,
          (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'url', url, 'reason', disabled_reason) ORDER BY updated_at DESC), '[]')
             FROM (SELECT * FROM webhook_endpoints WHERE NOT enabled AND disabled_reason IS NOT NULL
                    ORDER BY updated_at DESC LIMIT 20) w) AS webhooks_disabled,
          (SELECT metered_to FROM metering_progress) AS metered_to`,
);

/** What operators look at first, as of one moment. */
export async function readOverviewFacts(em: EntityManager): Promise<OverviewFacts> {
  const [row]: OverviewFacts[] = await em.query(FACTS, []);
  return row!;
}
