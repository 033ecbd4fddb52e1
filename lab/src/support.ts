import { existsSync, readFileSync } from 'node:fs';
import { readHierarchies } from './cgroups';
import type { LabBackend } from './lab-state';
import { run } from './run';

export interface LabSupport {
  supported: boolean;
  missing: { what: string; wayOut: string }[];
}

/** Programs the lab calls on this machine, and the Debian package that has each. */
const PROGRAMS: Record<string, string> = {
  ip: 'iproute2',
  nft: 'nftables',
  mmdebstrap: 'mmdebstrap',
  'mkfs.btrfs': 'btrfs-progs',
  'ssh-keygen': 'openssh-client',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  flock: 'util-linux',
  losetup: 'mount',
  mount: 'mount',
  zstd: 'zstd',
  tar: 'tar',
};

/** Only for virtual machines. QEMU itself is fetched into the cache. */
const VM_PROGRAMS: Record<string, string> = {
  ip: 'iproute2',
  nft: 'nftables',
  mmdebstrap: 'mmdebstrap',
  'mkfs.btrfs': 'btrfs-progs',
  mke2fs: 'e2fsprogs',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  flock: 'util-linux',
  xz: 'xz-utils',
  zstd: 'zstd',
};

/** The Debian packages that the lab needs on the machine. */
export const LAB_PACKAGES = [...new Set(Object.values({ ...PROGRAMS, ...VM_PROGRAMS }))];

const FILE_SYSTEMS = ['btrfs', 'overlay', 'fuse'];
const NAMESPACES = ['mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup', 'user'];

type Need = (there: boolean, what: string, wayOut: string) => void;

/** Looks, changes nothing. Each thing missing comes with what to do about it. */
export async function checkLabSupport(backend: LabBackend = 'namespace'): Promise<LabSupport> {
  const missing: LabSupport['missing'] = [];
  const need: Need = (there, what, wayOut) => {
    if (!there) missing.push({ what, wayOut });
  };
  if (process.platform !== 'linux') {
    return {
      supported: false,
      missing: [{ what: 'Linux', wayOut: 'use simulated hosts, or a Linux machine' }],
    };
  }
  need(process.arch === 'x64', 'an amd64 processor', 'use simulated hosts, or another machine');
  need(process.getuid?.() === 0, 'root', 'run as root; without it use simulated hosts');
  for (const [program, name] of Object.entries(backend === 'vm' ? VM_PROGRAMS : PROGRAMS)) {
    need(isInstalled(program), `the program ${program}`, `apt-get install ${name}`);
  }
  if (backend === 'vm') need(existsSync('/dev/net/tun'), 'tap devices', 'modprobe tun');
  else await checkNamespaces(need, () => missing.length === 0);
  return { supported: missing.length === 0, missing };
}

async function checkNamespaces(need: Need, allIsThere: () => boolean): Promise<void> {
  for (const name of FILE_SYSTEMS) {
    need(
      await hasFileSystem(name),
      `the ${name} file system in the kernel`,
      `modprobe ${name}, or a kernel with it`,
    );
  }
  for (const name of NAMESPACES) {
    need(existsSync(`/proc/self/ns/${name}`), `${name} namespaces`, 'a kernel with namespaces');
  }
  need(existsSync('/dev/loop-control') || existsSync('/dev/loop0'), 'loop devices', 'modprobe loop');
  need(existsSync('/dev/fuse'), '/dev/fuse', 'modprobe fuse');
  need(readHierarchies().length > 0, 'mounted control groups', 'mount /sys/fs/cgroup');
  if (!allIsThere()) return;
  const namespaces = ['unshare', '-m', '-p', '-f', '-u', '-i', '-n', '-C'];
  const trial = await run([...namespaces, 'ip', 'link', 'add', 'lab0', 'type', 'veth']);
  need(
    trial.code === 0,
    `leave to make namespaces and interfaces (${trial.stderr.trim()})`,
    'run outside of a container, or in a privileged one',
  );
}

function isInstalled(program: string): boolean {
  const places = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`.split(':').filter(Boolean);
  return places.some((place) => existsSync(`${place}/${program}`));
}

async function hasFileSystem(name: string): Promise<boolean> {
  const known = (): boolean => new RegExp(`\\b${name}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
  // A module is loaded at the first mount; asking modprobe tells if it could be.
  return known() || (await run(['modprobe', '-n', name]).catch(() => ({ code: 1 }))).code === 0;
}
