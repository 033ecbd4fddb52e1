import type { Capability, DriverName } from '@berth/contracts';
import { BerthError, rankHosts, type PlacementCandidate, type ResourceDemand } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { entityFrom } from '../entity-from';
import { prepared } from '../prepared';
import { HostEntity } from '../entities/host.entity';

export interface PlacementRequest {
  locationId: string;
  architecture: string;
  demand: ResourceDemand;
  /** Capabilities that the server's limits need. */
  capabilities: readonly Capability[];
  /** Of a server that moves: where it comes from, whose likes are looked at only. */
  from?: { hostId: string; driver: DriverName; cgroup: string | null };
}

/** Hosts of the location that come into question at all; `$2`, `$3` and `$4` are where a server comes from, or null. */
const ELIGIBLE = `location_id = $1 AND ($2::uuid IS NULL OR id <> $2) AND ($3::text IS NULL OR driver = $3)
        AND ($4::text IS NULL OR coalesce(facts ->> 'cgroup', $4) = $4)`;

const eligible = ({ locationId, from }: PlacementRequest) => [
  locationId,
  from?.hostId ?? null,
  from?.driver ?? null,
  from?.cgroup ?? null,
];

/** Hosts looked at more closely: enough that orders placed at the same time find different ones. */
const CANDIDATES = 16;

interface Row {
  id: string;
  capacity_cpus: string;
  capacity_ram_bytes: string;
  capacity_disk_bytes: string;
  used_cpus: string;
  used_ram_bytes: string;
  used_disk_bytes: string;
}

const FIND_CANDIDATES = prepared(
  'find_candidates',
  `SELECT id, capacity_cpus * overcommit_cpus AS capacity_cpus, capacity_ram_bytes * overcommit_ram AS capacity_ram_bytes,
            capacity_disk_bytes * overcommit_disk AS capacity_disk_bytes, used_cpus, used_ram_bytes, used_disk_bytes
       FROM hosts
      WHERE ${ELIGIBLE} AND state = 'active' AND reachable AND architecture = $5 AND capabilities @> $6::text[]
        AND used_cpus + $7 <= capacity_cpus * overcommit_cpus
        AND used_ram_bytes + $8 <= capacity_ram_bytes * overcommit_ram
        AND used_disk_bytes + $9 <= capacity_disk_bytes * overcommit_disk
      ORDER BY placement_load, id LIMIT ${CANDIDATES}`,
);

async function candidates(em: EntityManager, request: PlacementRequest): Promise<PlacementCandidate[]> {
  const rows: Row[] = await em.query(FIND_CANDIDATES, [
    ...eligible(request),
    request.architecture,
    [...request.capabilities],
    request.demand.cpus,
    request.demand.ram_bytes,
    request.demand.disk_bytes,
  ]);
  return rows.map((row) => ({
    id: row.id,
    allocatable: {
      cpus: Number(row.capacity_cpus),
      ram_bytes: Number(row.capacity_ram_bytes),
      disk_bytes: Number(row.capacity_disk_bytes),
    },
    used: {
      cpus: Number(row.used_cpus),
      ram_bytes: Number(row.used_ram_bytes),
      disk_bytes: Number(row.used_disk_bytes),
    },
  }));
}

/** Why no host came out: a limit that none of them can enforce is `unsupported`, all else `no_capacity`. */
async function refuse(em: EntityManager, request: PlacementRequest): Promise<never> {
  const [found]: { hosts: string; open: string; matching: string; capable: string }[] = await em.query(
    `SELECT count(*) AS hosts, count(*) FILTER (WHERE state = 'active' AND reachable) AS open,
            count(*) FILTER (WHERE state = 'active' AND reachable AND architecture = $5) AS matching,
            count(*) FILTER (WHERE state = 'active' AND reachable AND architecture = $5 AND capabilities @> $6::text[]) AS capable
       FROM hosts WHERE ${ELIGIBLE} AND state <> 'removed'`,
    [...eligible(request), request.architecture, [...request.capabilities]],
  );
  const whose = request.from
    ? `no other ${request.from.driver} host of this location${request.from.cgroup ? ` with cgroup ${request.from.cgroup}` : ''}`
    : 'no host of this location';
  if (Number(found!.matching) > 0 && Number(found!.capable) === 0) {
    const capability = await missingCapability(em, request);
    throw new BerthError('unsupported', `${whose} can do ${capability}`, { capability });
  }
  const reason =
    Number(found!.open) === 0
      ? `${whose} takes orders`
      : Number(found!.matching) === 0
        ? `${whose} runs ${request.architecture}`
        : `${whose} has room for it`;
  throw new BerthError('no_capacity', reason, { resource: 'host', requested: request.demand });
}

async function missingCapability(em: EntityManager, request: PlacementRequest): Promise<string> {
  const [row]: { capability: string }[] = await em.query(
    `SELECT wanted.capability FROM unnest($5::text[]) AS wanted(capability)
      WHERE NOT EXISTS (SELECT 1 FROM hosts WHERE ${ELIGIBLE} AND state = 'active' AND wanted.capability = ANY (capabilities))
      LIMIT 1`,
    [...eligible(request), [...request.capabilities]],
  );
  return row?.capability ?? request.capabilities.join(', ');
}

const LOCK_HOST_SQL = `SELECT to_jsonb(h) - 'private_key_sealed' AS host FROM hosts h WHERE id = $1 AND state = 'active' FOR UPDATE`;
const LOCK_HOST = prepared('lock_host', LOCK_HOST_SQL);
const LOCK_FREE_HOST = prepared('lock_free_host', `${LOCK_HOST_SQL} SKIP LOCKED`);

/**
 * Chooses the host that is least full with the server on it, and locks its row. Throws `no_capacity` or `unsupported`
 * with the reason. The capacity itself is taken by the trigger on `servers`.
 */
export async function placeServer(em: EntityManager, request: PlacementRequest): Promise<HostEntity> {
  // First a host that no other order holds; where all that fit are held, wait for the best.
  for (const lock of [LOCK_FREE_HOST, LOCK_HOST]) {
    for (const candidate of rankHosts(await candidates(em, request), request.demand)) {
      const [row]: { host: Record<string, unknown> }[] = await em.query(lock, [candidate.id]);
      const host = row && entityFrom(em.connection, HostEntity, row.host);
      if (host && hasRoom(host, request.demand)) return host;
    }
  }
  return refuse(em, request);
}

/**
 * Locks the one host that a server has to be on, since what it is made of lies there. Throws `no_capacity` or
 * `unsupported` with the reason.
 */
export async function placeOnHost(
  em: EntityManager,
  hostId: string,
  { demand, capabilities }: Pick<PlacementRequest, 'demand' | 'capabilities'>,
): Promise<HostEntity> {
  const host = await em.findOneOrFail(HostEntity, {
    where: { id: hostId },
    lock: { mode: 'pessimistic_write' },
  });
  const capability = capabilities.find((one) => !host.capabilities.includes(one));
  if (capability) throw new BerthError('unsupported', `its host can't do ${capability}`, { capability });
  const isOpen = host.state === 'active' && host.reachable;
  if (isOpen && hasRoom(host, demand)) return host;
  const why = isOpen ? 'has no room for it' : 'takes no orders now';
  throw new BerthError('no_capacity', `it has to be on its snapshot's host, which ${why}`, {
    resource: 'host',
    requested: demand,
  });
}

/** As placeOnHost, for the host that an operator names as a migration's target. */
export async function placeOnTarget(
  em: EntityManager,
  hostId: string,
  {
    demand,
    capabilities,
    architecture,
    from,
  }: PlacementRequest & { from: NonNullable<PlacementRequest['from']> },
): Promise<HostEntity> {
  const host = await em.findOneOrFail(HostEntity, {
    where: { id: hostId },
    lock: { mode: 'pessimistic_write' },
  });
  const capability = capabilities.find((one) => !host.capabilities.includes(one));
  if (capability) throw new BerthError('unsupported', `${host.name} can't do ${capability}`, { capability });
  const cgroup = (host.facts as { cgroup?: string } | null)?.cgroup ?? from.cgroup;
  const unlike =
    host.architecture !== architecture
      ? `it runs ${host.architecture}, the server is made for ${architecture}`
      : from.cgroup !== null && cgroup !== from.cgroup
        ? `it has cgroup ${cgroup}, the server's host ${from.cgroup}: running processes can't move between them`
        : null;
  if (unlike)
    throw new BerthError('unsupported', `${host.name} can't have it: ${unlike}`, {
      capability: 'migrate:live',
    });
  const isOpen = host.state === 'active' && host.reachable;
  if (isOpen && hasRoom(host, demand)) return host;
  const why = isOpen ? 'has no room for it' : host.reachable ? `is ${host.state}` : 'does not answer';
  throw new BerthError('no_capacity', `${host.name} ${why}`, { resource: 'host', requested: demand });
}

/** The row may have filled up between the look and the lock. */
function hasRoom(host: HostEntity, demand: ResourceDemand): boolean {
  return (
    host.usedCpus + demand.cpus <= host.capacityCpus * host.overcommitCpus &&
    host.usedRamBytes + demand.ram_bytes <= host.capacityRamBytes * host.overcommitRam &&
    host.usedDiskBytes + demand.disk_bytes <= host.capacityDiskBytes * host.overcommitDisk
  );
}
