import { existsSync, readFileSync } from 'node:fs';
import { run } from './run';
import { readHierarchies } from './cgroups';

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

/** The Debian packages that the lab needs on the machine. */
export const LAB_PACKAGES = [...new Set(Object.values(PROGRAMS))];

const FILE_SYSTEMS = ['btrfs', 'overlay', 'fuse'];
const NAMESPACES = ['mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup', 'user'];

/** Looks, changes nothing. Each thing missing comes with what to do about it. */
export async function checkLabSupport(): Promise<LabSupport> {
  const missing: LabSupport['missing'] = [];
  const need = (there: boolean, what: string, wayOut: string): void => {
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
  for (const [program, name] of Object.entries(PROGRAMS)) {
    need(isInstalled(program), `the program ${program}`, `apt-get install ${name}`);
  }
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
  if (missing.length === 0) {
    const trial = await run([
      'unshare',
      '-m',
      '-p',
      '-f',
      '-u',
      '-i',
      '-n',
      '-C',
      'ip',
      'link',
      'add',
      'lab0',
      'type',
      'veth',
    ]);
    need(
      trial.code === 0,
      `leave to make namespaces and interfaces (${trial.stderr.trim()})`,
      'run outside of a container, or in a privileged one',
    );
  }
  return { supported: missing.length === 0, missing };
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
