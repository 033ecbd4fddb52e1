import path from 'node:path';
import type { HostRecord, LabRecord } from './lab-state';

/** Where a host's disk and what belongs to it are; its backend decides what that is. */
export function hostDir(lab: LabRecord, host: HostRecord): string {
  return path.join(lab.dir, 'hosts', host.name);
}

/** What the host said at its last boot. */
export function hostLog(lab: LabRecord, host: HostRecord): string {
  return path.join(lab.dir, 'logs', `${host.name}.log`);
}

/** What a host's /etc/hosts says. */
export function hostsFile(host: HostRecord): string {
  return `127.0.0.1 localhost\n::1 localhost\n${host.address} ${host.name}\n`;
}
