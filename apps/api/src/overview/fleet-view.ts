import type { OverviewView } from '@berth/contracts';
import type { FleetAmounts, FleetHost } from '@berth/database';

const SHOW_ALL = 100;
const SHOW_FULLEST = 20;

const add = (a: FleetAmounts, b: FleetAmounts): FleetAmounts => ({
  cpus: a.cpus + b.cpus,
  ram_bytes: a.ram_bytes + b.ram_bytes,
  disk_bytes: a.disk_bytes + b.disk_bytes,
});

const isGone = (host: FleetHost) => !host.reachable && host.state !== 'enrolling' && host.state !== 'error';

function hostView(host: FleetHost): OverviewView['hosts']['shown'][number] {
  const {
    id,
    name,
    location,
    driver,
    state,
    reachable,
    load,
    servers,
    capacity,
    allocatable,
    allocated,
    used,
  } = host;
  const fill = { servers, capacity, allocatable, allocated, used };
  return {
    id,
    name,
    location,
    driver,
    status: state,
    reachable,
    cordoned: state === 'cordoned',
    load,
    ...fill,
  };
}

function byLocation(hosts: FleetHost[]): OverviewView['hosts']['by_location'] {
  const sums = new Map<string, OverviewView['hosts']['by_location'][number]>();
  const none = { cpus: 0, ram_bytes: 0, disk_bytes: 0 };
  for (const host of hosts) {
    const { location } = host;
    const sum = sums.get(location) ?? {
      location,
      hosts: 0,
      unreachable: 0,
      servers: 0,
      capacity: none,
      allocatable: none,
      allocated: none,
      used: null,
    };
    sums.set(location, {
      location,
      hosts: sum.hosts + 1,
      unreachable: sum.unreachable + Number(isGone(host)),
      servers: sum.servers + host.servers,
      capacity: add(sum.capacity, host.capacity),
      allocatable: add(sum.allocatable, host.allocatable),
      allocated: add(sum.allocated, host.allocated),
      used: host.used === null ? sum.used : add(sum.used ?? none, host.used),
    });
  }
  return [...sums.values()].sort((a, b) => a.location.localeCompare(b.location));
}

/** A small fleet host by host; of a large one what each location has, and the hosts that are the fullest. */
export function fleetView(hosts: FleetHost[]): OverviewView['hosts'] {
  const shown =
    hosts.length <= SHOW_ALL ? hosts : [...hosts].sort((a, b) => b.load - a.load).slice(0, SHOW_FULLEST);
  return {
    total: hosts.length,
    unreachable: hosts.filter(isGone).length,
    shown: shown.map(hostView),
    by_location: byLocation(hosts),
  };
}
