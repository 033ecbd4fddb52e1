import { existsSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { mustRun } from './command';

const CGROUPS = '/sys/fs/cgroup';
/** Where a Docker daemon or its containerd would leave things behind if it weren't kept from it. */
const PLACES = [
  '/run/docker',
  '/run/containerd',
  '/var/lib/docker',
  '/var/lib/containerd',
  '/opt/containerd',
];

/** What of this machine a Docker daemon changes when it isn't fenced in. */
export interface MachineTraces {
  forwarding: string;
  firewall: string;
  bridge: boolean;
  mounts: string[];
  places: string[];
}

/** @param own a word that only mounts of ours have in their line */
export async function machineTraces(own: string): Promise<MachineTraces> {
  return {
    forwarding: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(),
    firewall: await dockerRules(),
    bridge: existsSync('/sys/class/net/docker0'),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(own)),
    places: PLACES.filter((place) => existsSync(place)),
  };
}

/** Rules of others come and go (labs): Docker's are those with its name, and the policy that it sets. */
async function dockerRules(): Promise<string> {
  const tables = await Promise.all(
    ['filter', 'nat'].map((table) => mustRun(['iptables', '-t', table, '-S'])),
  );
  return tables
    .join('\n')
    .split('\n')
    .filter((line) => /docker|^-P /i.test(line))
    .join('\n');
}

/** Removes the cgroup `name` with all below it, in every hierarchy. @returns those that could not be removed */
export function removeCgroup(name: string): string[] {
  const hierarchies = ['', ...readdirSync(CGROUPS)].map((directory) => join(CGROUPS, directory, name));
  return hierarchies.filter((path) => existsSync(path) && !removeTree(path));
}

function removeTree(path: string): boolean {
  for (const entry of readdirSync(path)) {
    const below = join(path, entry);
    if (statSync(below, { throwIfNoEntry: false })?.isDirectory()) removeTree(below);
  }
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
