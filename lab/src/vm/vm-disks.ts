import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makePool } from '../btrfs-pool';
import { hostDir, hostsFile } from '../host-files';
import { cacheDir } from '../image-cache';
import type { HostRecord, LabRecord } from '../lab-state';
import { mustRun } from '../run';
import { newcArchive } from './newc-archive';
import { qemuCommand } from './qemu-programs';
import { VM_IMAGE } from './vm-image';

/** Names in a host's directory, which is QEMU's working directory. */
export const DISKS = { initrd: 'initrd.cpio', pool: 'pool.img' } as const;

const HOST_KEY = 'ssh_host_ed25519_key';

/** The root disk holds what changed against its image, so it goes with that image alone. */
export function rootDisk(host: HostRecord): string {
  return `root-${host.image}.qcow2`;
}

export function imageFile(host: HostRecord, name: keyof typeof VM_IMAGE): string {
  return path.join(cacheDir(), host.image, VM_IMAGE[name]);
}

/** Makes what of a host's disks and keys is missing, and the files of its own that it gets at every boot. */
export async function makeDisks(lab: LabRecord, host: HostRecord): Promise<void> {
  const dir = hostDir(lab, host);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const key = path.join(dir, HOST_KEY);
  if (!existsSync(key)) {
    await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', host.name, '-f', key]);
  }
  host.hostKeyFingerprint = (await mustRun(['ssh-keygen', '-l', '-f', `${key}.pub`])).split(' ')[1] ?? '';
  const publicKey = readFileSync(`${key}.pub`, 'utf8');
  writeFileSync(knownHosts(lab, host), `${host.address} ${publicKey}`);
  await makePool(path.join(dir, DISKS.pool), host.poolSizeBytes);
  await makeRootDisk(dir, host);
  const own = newcArchive(ownFiles(lab, host, readFileSync(key), publicKey));
  writeFileSync(path.join(dir, DISKS.initrd), Buffer.concat([readFileSync(imageFile(host, 'initrd')), own]));
}

export function knownHosts(lab: LabRecord, host: HostRecord): string {
  return path.join(hostDir(lab, host), 'known_hosts');
}

async function makeRootDisk(dir: string, host: HostRecord): Promise<void> {
  const disk = rootDisk(host);
  for (const file of readdirSync(dir)) {
    if (/^root-.*\.qcow2$/.test(file) && file !== disk) rmSync(path.join(dir, file));
  }
  if (existsSync(path.join(dir, disk))) return;
  const base = imageFile(host, 'root');
  await mustRun(
    qemuCommand('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'raw', `${disk}.new`]),
    { cwd: dir },
  );
  await mustRun(['mv', `${disk}.new`, disk], { cwd: dir });
}

function ownFiles(lab: LabRecord, host: HostRecord, hostKey: Buffer, publicKey: string) {
  const directories = ['etc/', 'etc/ssh/', 'root/', 'root/.ssh/'];
  const network = {
    LAB_ADDRESS4: `${host.address}/${lab.subnet4.split('/')[1]}`,
    LAB_GATEWAY4: lab.gateway4,
    LAB_ADDRESS6: `${host.address6}/64`,
    LAB_GATEWAY6: lab.gateway6,
  };
  const lines = Object.entries(network).map(([name, value]) => `${name}=${value}\n`);
  return [
    ...directories.map((path) => ({ path: `lab/${path}`, mode: path.startsWith('root') ? 0o700 : 0o755 })),
    { path: `lab/etc/ssh/${HOST_KEY}`, mode: 0o600, data: hostKey },
    { path: `lab/etc/ssh/${HOST_KEY}.pub`, mode: 0o644, data: publicKey },
    {
      path: 'lab/root/.ssh/authorized_keys',
      mode: 0o600,
      data: readFileSync(`${lab.privateKeyPath}.pub`),
    },
    { path: 'lab/etc/hostname', mode: 0o644, data: `${host.name}\n` },
    { path: 'lab/etc/hosts', mode: 0o644, data: hostsFile(host) },
    { path: 'lab/etc/lab-host', mode: 0o644, data: lines.join('') },
  ];
}
