import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostEndpoint } from '../host-endpoint';

interface LabFile {
  subnet4: string;
  serverPool4: string;
  serverPool6: string;
  privateKeyPath: string;
  hosts: { name: string; address: string; hostKeyFingerprint: string }[];
}

/** The lab that system tests run against: made by their set-up, or given as BERTH_TEST_LAB_DIR. */
export function labFile(): LabFile {
  const dir = process.env.BERTH_TEST_LAB_DIR;
  if (!dir)
    throw new Error('BERTH_TEST_LAB_DIR is not set: run this through jest, whose set-up starts a lab');
  return JSON.parse(readFileSync(join(dir, 'lab.json'), 'utf8')) as LabFile;
}

export function labEndpoint(index = 0): HostEndpoint {
  const lab = labFile();
  const host = lab.hosts[index];
  if (!host) throw new Error(`the lab has no host number ${index}`);
  return {
    id: host.name,
    name: host.name,
    driver: 'lxc',
    address: host.address,
    port: 22,
    user: 'root',
    privateKey: readFileSync(lab.privateKeyPath, 'utf8'),
    hostKeyFingerprint: host.hostKeyFingerprint,
  };
}

/** An SSH key of nobody, in OpenSSH's format. */
export function newPrivateKey(path: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  return readFileSync(path, 'utf8');
}
