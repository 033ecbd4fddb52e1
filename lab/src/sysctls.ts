import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readHierarchies } from './cgroups';
import { withFileLock } from './file-lock';

/** Labs that are up on this machine, and the settings that the first of them found. */
const MACHINE_REGISTRY = '/run/berth-lab';
const SAVED = 'sysctls.json';
/** Beside the settings: the controllers that the machine's root of cgroup v2 hands down, which labs add to. */
const CONTROLLERS = 'cgroup.subtree_control';

/** What enrolment raises on a host, and namespaces don't keep apart: a change in a lab host changes the machine. */
const SHARED_SYSCTLS = [
  'fs/inotify/max_user_instances',
  'fs/inotify/max_user_watches',
  'fs/inotify/max_queued_events',
  'fs/file-max',
  'fs/nr_open',
  'fs/aio-max-nr',
  'kernel/keys/maxkeys',
  'kernel/keys/maxbytes',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
  'kernel/pid_max',
  'kernel/threads-max',
  'kernel/pty/max',
  'kernel/dmesg_restrict',
  'vm/max_map_count',
  'vm/swappiness',
  'net/core/somaxconn',
];

/** Serialises what labs do to the machine as a whole: choosing a subnet, saving and putting back settings. */
export function withMachineLock<T>(work: () => Promise<T>): Promise<T> {
  return withFileLock('/run/lock/berth-lab.lock', work);
}

/** Notes that a lab is up; the first one saves the machine's settings. Idempotent. Needs the machine lock. */
export function register(labId: string, dir: string, registry = MACHINE_REGISTRY): void {
  mkdirSync(registry, { recursive: true, mode: 0o755 });
  const saved = path.join(registry, SAVED);
  if (!existsSync(saved)) {
    const values = SHARED_SYSCTLS.map((name) => [name, read(name)]).filter(
      ([, value]) => value !== undefined,
    );
    const settings = { ...Object.fromEntries(values), [CONTROLLERS]: readControllers().join(' ') };
    writeFileSync(saved, JSON.stringify(settings));
  }
  writeFileSync(path.join(registry, labId), dir);
}

/** Notes that a lab is down; after the last one the machine's settings are as before. Idempotent. Needs the machine lock. */
export function unregister(labId: string, registry = MACHINE_REGISTRY): void {
  rmSync(path.join(registry, labId), { force: true });
  if (!existsSync(registry) || readdirSync(registry).some((name) => name !== SAVED && isUp(name))) return;
  const saved = path.join(registry, SAVED);
  if (existsSync(saved)) {
    const { [CONTROLLERS]: controllers = '', ...settings } = JSON.parse(
      readFileSync(saved, 'utf8'),
    ) as Record<string, string>;
    for (const [name, value] of Object.entries(settings)) {
      if (read(name) !== value) write(name, value);
    }
    takeBackControllers(controllers.split(' '));
  }
  rmSync(registry, { recursive: true, force: true });
}

/** The directories of the labs that are up on this machine. */
export function registeredDirs(registry = MACHINE_REGISTRY): string[] {
  if (!existsSync(registry)) return [];
  return readdirSync(registry)
    .filter((name) => name !== SAVED && isUp(name))
    .map((name) => readFileSync(path.join(registry, name), 'utf8'));
}

/** A lab whose bridge is gone was removed by somebody who didn't ask us. */
function isUp(labId: string): boolean {
  return existsSync(`/sys/class/net/bl${labId}`);
}

function read(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function write(name: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/${name}`, value);
  } catch {
    // The kernel may refuse to go back (a limit below what is in use): then it stays raised, which harms nothing.
  }
}

const rootOfV2 = (): string | undefined => readHierarchies().find(({ version }) => version === 2)?.parent;

function readControllers(): string[] {
  const root = rootOfV2();
  return root === undefined
    ? []
    : readFileSync(path.join(root, CONTROLLERS), 'utf8').trim().split(' ').filter(Boolean);
}

function takeBackControllers(before: readonly string[]): void {
  for (const controller of readControllers().filter((name) => !before.includes(name))) {
    try {
      writeFileSync(path.join(rootOfV2()!, CONTROLLERS), `-${controller}`);
    } catch {
      // Somebody else's group below has it by now: it stays.
    }
  }
}
