import { spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { loopsOf, makePool, releaseLoops } from './btrfs-pool';
import * as cgroups from './cgroups';
import type { HostBackend } from './host-backend';
import { hostDir, hostLog, hostsFile } from './host-files';
import { hostImage, hostImageKey, ROOT_IN_IMAGE } from './host-image';
import { cacheDir } from './image-cache';
import type { HostRecord, LabHostState, LabRecord } from './lab-state';
import { isPortUp, plugHost, portName, removeLink } from './network';
import { mustRun, run, type RunResult } from './run';
import { waitUntil } from './wait-until';

const BOOT_SCRIPT = path.join(__dirname, '..', 'scripts', 'host-boot.sh');
const BOOT_TIMEOUT_MS = 20_000;
const HOST_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
// Enters the groups before the namespaces: a process that only entered the namespaces would see its groups outside of
// the host's root, and so would the containers it starts.
const JOIN_GROUPS = 'for g in $LAB_GROUPS; do echo $$ > "$g/cgroup.procs"; done; unset LAB_GROUPS; exec "$@"';

function groupName(labId: string, host?: HostRecord): string {
  return `berth-lab-${labId}${host ? `/${host.name}` : ''}`;
}

/** Hosts as sets of Linux namespaces, each in a control group of its own, on an overlay of the host image. */
export const namespaceBackend: HostBackend = {
  async image(progress) {
    await hostImage(progress);
    return hostImageKey();
  },

  async prepare(lab, host) {
    const dir = hostDir(lab, host);
    const upper = path.join(dir, 'upper');
    mkdirSync(path.join(upper, 'etc/ssh'), { recursive: true });
    mkdirSync(path.join(upper, 'root/.ssh'), { recursive: true, mode: 0o700 });
    mkdirSync(path.join(dir, 'work'), { recursive: true });
    const key = path.join(upper, 'etc/ssh/ssh_host_ed25519_key');
    if (!existsSync(key))
      await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', host.name, '-f', key]);
    copyFileSync(`${lab.privateKeyPath}.pub`, path.join(upper, 'root/.ssh/authorized_keys'));
    writeFileSync(path.join(upper, 'etc/hostname'), `${host.name}\n`);
    writeFileSync(path.join(upper, 'etc/hosts'), hostsFile(host));
    await makePool(path.join(dir, 'pool.img'), host.poolSizeBytes);
    host.hostKeyFingerprint = (await mustRun(['ssh-keygen', '-l', '-f', `${key}.pub`])).split(' ')[1] ?? '';
  },

  async boot(lab, host, persist) {
    if (initOf(host) !== null) return;
    await this.kill(lab, host);
    const hierarchies = cgroups.readHierarchies();
    const name = groupName(lab.id, host);
    host.cgroups = hierarchies.map((hierarchy) => path.join(hierarchy.parent, name));
    persist();
    cgroups.makeGroups(hierarchies, name);
    await launch(lab, host, hierarchies);
  },

  async kill(lab, host) {
    await cgroups.killGroups(groupName(lab.id, host), host.cgroups, initOf(host));
    await removeLink(portName(lab.id, host.index));
    await releaseLoops(path.join(hostDir(lab, host), 'pool.img'));
    for (const group of host.cgroups) {
      await cgroups.removeGroup(group);
      cgroups.removeGroupIfEmpty(path.dirname(group));
    }
  },

  async exec(_lab, host, argv, options): Promise<RunResult> {
    const pid = initOf(host);
    if (pid === null) throw new Error(`host ${host.name} is not running: \`lab start ${host.name}\``);
    const enter = ['nsenter', '-t', `${pid}`, '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w', '--', ...argv];
    const env = {
      PATH: HOST_PATH,
      HOME: '/root',
      USER: 'root',
      LANG: 'C.UTF-8',
      LAB_GROUPS: joinable(host).join(' '),
    };
    return run(['sh', '-ec', JOIN_GROUPS, 'sh', ...enter], { ...options, env });
  },

  async pause(_lab, host) {
    await cgroups.freeze(host.cgroups);
  },

  async resume(_lab, host) {
    cgroups.thawAll(host.cgroups);
  },

  inspect(lab, host): { pid: number | null; state: LabHostState } {
    const pid = initOf(host);
    if (pid === null) return { pid, state: 'stopped' };
    if (cgroups.isFrozen(host.cgroups)) return { pid, state: 'paused' };
    return { pid, state: isPortUp(lab.id, host.index) ? 'running' : 'cut' };
  },

  processes(labId) {
    return cgroups.membersOf(groupName(labId), 'dead');
  },

  async sweep(labId, dir) {
    const groups = cgroups
      .readHierarchies()
      .flatMap((hierarchy) => [hierarchy.parent, hierarchy.mountPoint])
      .map((parent) => path.join(parent, groupName(labId)));
    const unique = [...new Set(groups)].filter(existsSync);
    await cgroups.killGroups(groupName(labId), unique, null);
    if ((await loopsOf(`${dir}/`)).length > 0) await releaseLoops(`${dir}/`);
    for (const group of unique) await cgroups.removeGroup(group);
  },
};

/** Where a process that joins a host goes: on pure v2 the host's init has made room for it. */
function joinable(host: HostRecord): string[] {
  return host.cgroups.map((group) => {
    const scope = path.join(group, 'init.scope');
    return existsSync(path.join(scope, 'cgroup.freeze')) &&
      !existsSync(path.join(scope, 'cgroup.clone_children'))
      ? scope
      : group;
  });
}

/**
 * The host's init: the process in its groups that is number 1 of a PID namespace directly below ours. Looked up, never
 * remembered, so that a reused number can't be taken for it.
 */
function initOf(host: HostRecord): number | null {
  for (const group of host.cgroups.slice(0, 1)) {
    for (const pid of cgroups.processesOf(group)) {
      const numbers = namespacePids(pid);
      if (numbers.length === ownDepth() + 1 && numbers.at(-1) === 1) return pid;
    }
  }
  return null;
}

function namespacePids(pid: number | 'self'): number[] {
  try {
    const line = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    return line.split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

function ownDepth(): number {
  return namespacePids('self').length;
}

async function launch(lab: LabRecord, host: HostRecord, hierarchies: cgroups.Hierarchy[]): Promise<void> {
  const log = hostLog(lab, host);
  mkdirSync(path.dirname(log), { recursive: true });
  const output = openSync(log, 'w', 0o600);
  const unshare = [
    'unshare',
    '-m',
    '-p',
    '-f',
    '-u',
    '-i',
    '-n',
    '-C',
    '--propagation',
    'private',
    BOOT_SCRIPT,
  ];
  const child = spawn('sh', ['-ec', JOIN_GROUPS, 'sh', ...unshare], {
    detached: true,
    stdio: ['pipe', output, output],
    cwd: '/',
    env: bootEnvironment(lab, host, hierarchies),
  });
  closeSync(output);
  let ended: string | undefined;
  child.once('exit', (code, signal) => (ended = `ended with ${signal ?? code}`));
  child.once('error', (error) => (ended = error.message));
  child.stdin?.on('error', () => undefined);
  const orExplain = <T>(value: T): T => {
    if (ended === undefined) return value;
    throw new Error(
      `host ${host.name} did not boot (${ended}): ${readFileSync(log, 'utf8').trim().slice(-1500)}`,
    );
  };
  const pid = await waitUntil(`the start of ${host.name}'s init`, BOOT_TIMEOUT_MS, () =>
    orExplain(initOf(host) ?? undefined),
  );
  await plugHost(lab, host.index, pid);
  child.stdin?.end('go\n');
  await waitUntil(`the boot of ${host.name} (see ${log})`, BOOT_TIMEOUT_MS, () => orExplain(isInit(pid)));
  child.unref();
}

function bootEnvironment(
  lab: LabRecord,
  host: HostRecord,
  hierarchies: cgroups.Hierarchy[],
): NodeJS.ProcessEnv {
  const groups = hierarchies.map(
    ({ version, mountOptions, directory }) => `${version === 2 ? 'v2' : mountOptions}\t${directory}`,
  );
  return {
    PATH: HOST_PATH,
    LAB_GROUPS: host.cgroups.join(' '),
    LAB_LOWER: path.join(cacheDir(), host.image, ROOT_IN_IMAGE),
    LAB_HOST_DIR: hostDir(lab, host),
    LAB_HOSTNAME: host.name,
    LAB_ADDRESS4: `${host.address}/${lab.subnet4.split('/')[1]}`,
    LAB_GATEWAY4: lab.gateway4,
    LAB_ADDRESS6: `${host.address6}/64`,
    LAB_GATEWAY6: lab.gateway6,
    LAB_CGROUPS: groups.join('\n'),
  };
}

/** The boot script has become init: it did all its work. */
function isInit(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('busybox\0init');
  } catch {
    return false;
  }
}
