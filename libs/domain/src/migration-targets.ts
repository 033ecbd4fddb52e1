import type { Capability, DriverName, HostState, MigrationModeName } from '@berth/contracts';
import { fits, loadAfter, type PlacementCandidate } from './placement';
import type { ResourceDemand } from './resource-demand';

/** A host as it comes into question for a server that moves; capacities already multiplied by the host's overcommit. */
export interface TargetHost extends PlacementCandidate {
  name: string;
  driver: DriverName;
  state: HostState;
  reachable: boolean;
  architecture: string | null;
  /** Kind of control groups; null: not known. */
  cgroup: string | null;
  capabilities: readonly Capability[];
}

export interface MovingServer {
  architecture: string;
  demand: ResourceDemand;
  /** What its limits, features, addresses and snapshots need. */
  capabilities: readonly Capability[];
  /** For each mode what both hosts have to be able to do. */
  modes: Record<MigrationModeName, Capability>;
  from: { driver: DriverName; cgroup: string | null; name: string; capabilities: readonly Capability[] };
}

export interface JudgedTarget<H extends TargetHost = TargetHost> {
  host: H;
  /** 1 is where placement would put it; null where it can't go. */
  rank: number | null;
  /** Why it can't go there, in words; empty where it can. */
  reasons: string[];
  modes: MigrationModeName[];
  freeAfter: ResourceDemand;
}

const RESOURCES = {
  cpus: 'CPUs',
  ram_bytes: 'memory',
  disk_bytes: 'disk',
} as const satisfies Record<keyof ResourceDemand, string>;

function short(host: TargetHost, demand: ResourceDemand): string[] {
  if (fits(host, demand)) return [];
  const names = Object.keys(RESOURCES) as (keyof ResourceDemand)[];
  const lacking = names.filter((name) => host.used[name] + demand[name] > host.allocatable[name]);
  return [`it has not enough ${lacking.map((name) => RESOURCES[name]).join(' and ')} left`];
}

/** What is against it in whatever mode. */
function refusals(host: TargetHost, server: MovingServer): string[] {
  const missing = server.capabilities.filter((one) => !host.capabilities.includes(one));
  return [
    ...(host.driver === server.from.driver
      ? []
      : [`it is driven by ${host.driver}, the server's host by ${server.from.driver}`]),
    ...(host.state === 'active' ? [] : [`it is ${host.state}`]),
    ...(host.reachable ? [] : ['it does not answer']),
    ...(host.architecture === server.architecture
      ? []
      : [`it runs ${host.architecture ?? 'nothing known'}, the server is made for ${server.architecture}`]),
    ...(missing.length > 0 ? [`it can't do ${missing.join(', ')}`] : []),
    ...short(host, server.demand),
  ];
}

/** Null where the mode works between the two. */
function modeRefusal(
  host: TargetHost,
  { from, modes }: MovingServer,
  mode: MigrationModeName,
): string | null {
  const capability = modes[mode];
  if (!from.capabilities.includes(capability)) return `${from.name} can't do ${capability}`;
  if (!host.capabilities.includes(capability)) return `it can't do ${capability}`;
  const isUnlike = from.cgroup !== null && host.cgroup !== null && host.cgroup !== from.cgroup;
  return capability === 'migrate:live' && isUnlike
    ? `it has cgroup ${host.cgroup}, ${from.name} ${from.cgroup}: running processes can't move between them`
    : null;
}

/** All hosts, those first where the server can go, in placement's order; then the others, by name. */
export function judgeTargets<H extends TargetHost>(
  hosts: readonly H[],
  server: MovingServer,
): JudgedTarget<H>[] {
  const all = Object.keys(server.modes) as MigrationModeName[];
  const judged = hosts.map((host) => {
    const refused = refusals(host, server);
    const ofModes = all.map((mode) => modeRefusal(host, server, mode));
    const modes = refused.length > 0 ? [] : all.filter((_mode, i) => ofModes[i] === null);
    const reasons = ofModes.includes(null)
      ? refused
      : [...refused, ...new Set(ofModes.filter((why) => why !== null))];
    const after = (name: keyof ResourceDemand) =>
      host.allocatable[name] - host.used[name] - server.demand[name];
    const freeAfter = { cpus: after('cpus'), ram_bytes: after('ram_bytes'), disk_bytes: after('disk_bytes') };
    return { host, reasons, modes, freeAfter };
  });
  const load = ({ host }: { host: H }) => loadAfter(host, server.demand);
  const fit = judged
    .filter(({ modes }) => modes.length > 0)
    .sort((a, b) => load(a) - load(b) || a.host.id.localeCompare(b.host.id));
  const rest = judged
    .filter(({ modes }) => modes.length === 0)
    .sort((a, b) => a.host.name.localeCompare(b.host.name));
  return [...fit.map((one, i) => ({ ...one, rank: i + 1 })), ...rest.map((one) => ({ ...one, rank: null }))];
}
