import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { waitUntil } from './wait-until';

/** A cgroup hierarchy of this machine. */
export interface Hierarchy {
  version: 1 | 2;
  /** v1: what to give to `mount -t cgroup -o`, such as `cpu,cpuacct` or `none,name=systemd`. */
  mountOptions: string;
  /** Its directory under /sys/fs/cgroup by convention; '' is /sys/fs/cgroup itself (a pure v2 machine). */
  directory: string;
  mountPoint: string;
  /** Where new groups go: below the group that this process was put into (v1), the visible root (v2). */
  parent: string;
}

/** Reads the mounted hierarchies from /proc. v1 hierarchies that are not mounted are left out: they are not ours to mount. */
export function readHierarchies(): Hierarchy[] {
  const own = new Map<string, string>();
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, controllers = '', group = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    own.set(controllers, group);
  }
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').map(parseMount);
  const found: Hierarchy[] = [];
  for (const [controllers, group] of own) {
    const mount = mounts.find(
      (entry) =>
        entry.root === '/' &&
        (controllers === ''
          ? entry.type === 'cgroup2'
          : entry.type === 'cgroup' && controllers.split(',').every((name) => entry.options.includes(name))),
    );
    if (!mount) continue;
    const named = controllers.startsWith('name=');
    found.push({
      version: controllers === '' ? 2 : 1,
      mountOptions: named ? `none,${controllers}` : controllers,
      directory: controllers === '' ? 'unified' : controllers.replace(/^name=/, ''),
      mountPoint: mount.point,
      // v2 forbids processes in a group whose children have controllers, so there the root is the only place that
      // works; v1 lets us stay below the group we were given, with its limits.
      parent: controllers === '' ? mount.point : path.join(mount.point, group),
    });
  }
  if (found.length === 1 && found[0]?.version === 2) found[0].directory = '';
  return found;
}

function parseMount(line: string): { root: string; point: string; type: string; options: string[] } {
  const [before = '', after = ''] = line.split(' - ');
  const fields = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  return { root: fields[3] ?? '', point: fields[4] ?? '', type, options: options.split(',') };
}

/** Makes the group in every hierarchy, ready to take processes; returns its directories. Idempotent. */
export function makeGroups(hierarchies: Hierarchy[], name: string): string[] {
  return hierarchies.map((hierarchy) => {
    let place = hierarchy.parent;
    for (const part of name.split('/')) {
      if (hierarchy.version === 2) delegateControllers(place);
      const parent = place;
      place = path.join(place, part);
      mkdirSync(place, { recursive: true });
      if (hierarchy.directory.split(',').includes('cpuset') && hierarchy.version === 1)
        inheritCpuset(parent, place);
    }
    return place;
  });
}

/** A new v1 cpuset is empty and refuses processes until it is told which processors and memory it has. */
function inheritCpuset(parent: string, child: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (readFileSync(path.join(child, file), 'utf8').trim() !== '') continue;
    writeFileSync(path.join(child, file), readFileSync(path.join(parent, file)));
  }
  writeFileSync(path.join(child, 'cgroup.clone_children'), '1');
}

function delegateControllers(group: string): void {
  const wanted = readFileSync(path.join(group, 'cgroup.controllers'), 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  const given = readFileSync(path.join(group, 'cgroup.subtree_control'), 'utf8').trim().split(' ');
  // hugetlb beside v1: LXC 6.0.4 dies at the restore of a checkpoint where v2 has no controller at all.
  for (const controller of wanted.filter((name) =>
    ['cpu', 'cpuset', 'io', 'memory', 'pids', 'hugetlb'].includes(name),
  )) {
    if (given.includes(controller)) continue;
    try {
      writeFileSync(path.join(group, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // EBUSY or EPERM: the machine doesn't let us have it; the host then lacks this controller, and says so itself.
    }
  }
}

/** The processes of a group and of those below it, as this machine numbers them. A missing group has none. */
export function processesOf(group: string): number[] {
  try {
    const own = readFileSync(path.join(group, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(Number);
    return [...own, ...childrenOf(group).flatMap(processesOf)];
  } catch {
    return [];
  }
}

/**
 * The processes below the group of that name in any hierarchy, with those that end right now (unmounting takes its time,
 * and their group hides them already) and, where `dead` is asked for, those that nobody has buried yet.
 */
export function membersOf(name: string, include: 'living' | 'dead'): number[] {
  const membership = new RegExp(`/${name}(/| \\(deleted\\)|$)`, 'm');
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => membership.test(tryRead(`/proc/${pid}/cgroup`)))
    .filter((pid) => include === 'dead' || /^State:\s+[^ZX]/m.test(tryRead(`/proc/${pid}/status`)))
    .map(Number);
}

function childrenOf(group: string): string[] {
  try {
    return readdirSync(group, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(group, entry.name));
  } catch {
    return [];
  }
}

/** Removes a group with all below it. Its processes must be dead already; waits a little for the kernel to let go. */
export async function removeGroup(group: string): Promise<void> {
  if (!existsSync(group)) return;
  for (const child of childrenOf(group)) await removeGroup(child);
  await waitUntil(`removal of the control group ${group}`, 10_000, () => {
    try {
      rmdirSync(group);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
      if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
      throw error;
    }
  });
}

/** For the group that hosts share: the last one takes it along, wherever the one who ends the lab is himself. */
export function removeGroupIfEmpty(group: string): void {
  try {
    rmdirSync(group);
  } catch (error) {
    if (!['EBUSY', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/**
 * Ends every process in the groups, each of the given name, with SIGKILL, frozen ones too, and waits until none is left.
 * `first`, the init of a PID namespace, takes all of the namespace with it in one stroke; who waits for it outside gets a moment to do so, as
 * not every machine's own init buries the dead.
 */
export async function killGroups(name: string, groups: string[], first: number | null): Promise<void> {
  const left = (): number[] => membersOf(name, 'living');
  if (first !== null) {
    signal(first);
    groups.forEach(thawTree);
    await waitUntil('the end of the namespace', 2_000, () => left().length === 0).catch(() => undefined);
  }
  for (const group of groups) {
    tryWrite(path.join(group, 'cgroup.kill'), '1');
    thawTree(group);
  }
  await waitUntil(`the end of the processes of ${name}`, 15_000, () => {
    left().forEach(signal);
    return left().length === 0;
  });
}

function signal(pid: number): void {
  // 0 would be our own process group: that's how the kernel shows a process outside of our PID namespace.
  if (pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Stops every task of a host's groups (cgroup v2's freezer where there is one, else v1's). Idempotent. */
export async function freeze(groups: string[]): Promise<void> {
  const v2 = groups.find((group) => existsSync(path.join(group, 'cgroup.freeze')));
  const v1 = groups.find((group) => existsSync(path.join(group, 'freezer.state')));
  if (v2) {
    writeFileSync(path.join(v2, 'cgroup.freeze'), '1');
    const events = path.join(v2, 'cgroup.events');
    await waitUntil(`the freeze of ${v2}`, 10_000, () => /^frozen 1$/m.test(readFileSync(events, 'utf8')));
  } else if (v1) {
    const state = path.join(v1, 'freezer.state');
    writeFileSync(state, 'FROZEN');
    await waitUntil(`the freeze of ${v1}`, 10_000, () => readFileSync(state, 'utf8').trim() === 'FROZEN');
  } else {
    throw new Error('this machine has no cgroup freezer: a host can be cut or crashed, but not paused');
  }
}

export function thawAll(groups: string[]): void {
  groups.forEach(thaw);
}

function thaw(group: string): void {
  tryWrite(path.join(group, 'cgroup.freeze'), '0');
  tryWrite(path.join(group, 'freezer.state'), 'THAWED');
}

/** Containers that the host itself has frozen too: with cgroup v1 what is frozen can't die. */
function thawTree(group: string): void {
  childrenOf(group).forEach(thawTree);
  thaw(group);
}

export function isFrozen(groups: string[]): boolean {
  return groups.some(
    (group) =>
      tryRead(path.join(group, 'cgroup.freeze')) === '1' ||
      tryRead(path.join(group, 'freezer.self_freezing')) === '1',
  );
}

function tryWrite(file: string, text: string): void {
  if (!existsSync(file)) return;
  try {
    writeFileSync(file, text);
  } catch {
    // The group went away meanwhile.
  }
}

function tryRead(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
