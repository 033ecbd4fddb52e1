import type { HostView } from '@berth/contracts';
import { type HostEntity, LocationEntity } from '@berth/database';
import { type EntityManager, In } from 'typeorm';
import { isoTime } from '../http/time';

function hostView(host: HostEntity, location: string): HostView {
  return {
    id: host.id,
    name: host.name,
    driver: host.driver,
    location,
    address: host.address,
    port: host.port,
    user: host.user,
    host_key_fingerprint: host.hostKeyFingerprint,
    status: host.state,
    reachable: host.reachable,
    last_seen_at: isoTime(host.lastSeenAt),
    last_error: host.lastError,
    architecture: host.architecture,
    capabilities: host.capabilities,
    facts: host.facts as HostView['facts'],
    capacity: {
      cpus: host.capacityCpus,
      ram_bytes: host.capacityRamBytes,
      disk_bytes: host.capacityDiskBytes,
    },
    overcommit: { cpus: host.overcommitCpus, ram: host.overcommitRam, disk: host.overcommitDisk },
    used: {
      servers: host.usedServers,
      cpus: host.usedCpus,
      ram_bytes: host.usedRamBytes,
      disk_bytes: host.usedDiskBytes,
    },
    created_at: isoTime(host.createdAt),
  };
}

/** Hosts as operators see them, never with a key. */
export async function presentHosts(em: EntityManager, hosts: HostEntity[]): Promise<HostView[]> {
  const locations = await em.findBy(LocationEntity, { id: In(hosts.map((host) => host.locationId)) });
  const nameOf = new Map(locations.map(({ id, name }) => [id, name]));
  return hosts.map((host) => hostView(host, nameOf.get(host.locationId) ?? ''));
}

export async function presentHost(em: EntityManager, host: HostEntity): Promise<HostView> {
  return (await presentHosts(em, [host]))[0]!;
}
