import type { ResourceDemand } from './resource-demand';

/** What placement looks at; capacities already multiplied by the host's overcommit. */
export interface PlacementCandidate {
  id: string;
  allocatable: ResourceDemand;
  used: ResourceDemand;
}

const resources = ['cpus', 'ram_bytes', 'disk_bytes'] as const;

/** True where the demand fits into what the host has left. */
export function fits(host: PlacementCandidate, demand: ResourceDemand): boolean {
  return resources.every((resource) => host.used[resource] + demand[resource] <= host.allocatable[resource]);
}

/** How full the host's scarcest resource would be with the demand on it: 0 is empty, 1 is full. */
export function loadAfter(host: PlacementCandidate, demand: ResourceDemand): number {
  return Math.max(
    ...resources.map((resource) =>
      host.allocatable[resource] > 0
        ? (host.used[resource] + demand[resource]) / host.allocatable[resource]
        : 1,
    ),
  );
}

/** Candidates that the demand fits on, the emptiest first (spread); ties by id, so that the order is the same everywhere. */
export function rankHosts<C extends PlacementCandidate>(
  candidates: readonly C[],
  demand: ResourceDemand,
): C[] {
  return candidates
    .filter((host) => fits(host, demand))
    .map((host) => ({ host, load: loadAfter(host, demand) }))
    .sort((a, b) => a.load - b.load || a.host.id.localeCompare(b.host.id))
    .map(({ host }) => host);
}
