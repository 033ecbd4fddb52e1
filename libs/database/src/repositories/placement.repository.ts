import type { Capability } from '@berth/contracts';
import { BerthError, rankHosts, type PlacementCandidate, type ResourceDemand } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { prepared } from '../prepared';
import { HostEntity } from '../entities/host.entity';

export interface PlacementRequest {
  locationId: string;
  architecture: string;
  demand: ResourceDemand;
  /** Capabilities that the server's limits need. */
  capabilities: readonly Capability[];
}

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
      WHERE location_id = $1 AND state = 'active' AND reachable AND architecture = $2 AND capabilities @> $3::text[]
        AND used_cpus + $4 <= capacity_cpus * overcommit_cpus
        AND used_ram_bytes + $5 <= capacity_ram_bytes * overcommit_ram
        AND used_disk_bytes + $6 <= capacity_disk_bytes * overcommit_disk
      ORDER BY placement_load, id LIMIT ${CANDIDATES}`,
);

async function candidates(em: EntityManager, request: PlacementRequest): Promise<PlacementCandidate[]> {
  const rows: Row[] = await em.query(FIND_CANDIDATES, [
    request.locationId,
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
            count(*) FILTER (WHERE state = 'active' AND reachable AND architecture = $2) AS matching,
            count(*) FILTER (WHERE state = 'active' AND reachable AND architecture = $2 AND capabilities @> $3::text[]) AS capable
       FROM hosts WHERE location_id = $1 AND state <> 'removed'`,
    [request.locationId, request.architecture, [...request.capabilities]],
  );
  if (Number(found!.matching) > 0 && Number(found!.capable) === 0) {
    const capability = await missingCapability(em, request);
    throw new BerthError('unsupported', `no host of this location can enforce ${capability}`, { capability });
  }
  const reason =
    Number(found!.open) === 0
      ? 'no host of this location takes orders'
      : Number(found!.matching) === 0
        ? `no host of this location runs ${request.architecture}`
        : 'no host of this location has room for this plan';
  throw new BerthError('no_capacity', reason, { resource: 'host', requested: request.demand });
}

async function missingCapability(em: EntityManager, request: PlacementRequest): Promise<string> {
  const [row]: { capability: string }[] = await em.query(
    `SELECT wanted.capability FROM unnest($2::text[]) AS wanted(capability)
      WHERE NOT EXISTS (SELECT 1 FROM hosts WHERE location_id = $1 AND state = 'active' AND wanted.capability = ANY (capabilities))
      LIMIT 1`,
    [request.locationId, [...request.capabilities]],
  );
  return row?.capability ?? request.capabilities.join(', ');
}

/**
 * Chooses the host that is least full with the server on it, and locks its row. Throws `no_capacity` or `unsupported`
 * with the reason. The capacity itself is taken by the trigger on `servers`.
 */
export async function placeServer(em: EntityManager, request: PlacementRequest): Promise<HostEntity> {
  // First a host that no other order holds; where all that fit are held, wait for the best.
  for (const onLocked of ['skip_locked', undefined] as const) {
    for (const candidate of rankHosts(await candidates(em, request), request.demand)) {
      const host = await em.findOne(HostEntity, {
        where: { id: candidate.id, state: 'active' },
        lock: { mode: 'pessimistic_write', ...(onLocked && { onLocked }) },
      });
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

/** The row may have filled up between the look and the lock. */
function hasRoom(host: HostEntity, demand: ResourceDemand): boolean {
  return (
    host.usedCpus + demand.cpus <= host.capacityCpus * host.overcommitCpus &&
    host.usedRamBytes + demand.ram_bytes <= host.capacityRamBytes * host.overcommitRam &&
    host.usedDiskBytes + demand.disk_bytes <= host.capacityDiskBytes * host.overcommitDisk
  );
}
