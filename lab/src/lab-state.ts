import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** How a lab makes its hosts: sets of namespaces on this machine's kernel, or virtual machines with their own. */
export type LabBackend = 'namespace' | 'vm';

export type LabHostState = 'running' | 'stopped' | 'paused' | 'cut';

export interface LabHost {
  id: string;
  name: string;
  address: string;
  address6: string;
  port: number;
  user: 'root';
  privateKeyPath: string;
  /** `SHA256:…` as `ssh-keygen -l` shows it. */
  hostKeyFingerprint: string;
  poolSizeBytes: number;
  /** The host's init (of a virtual machine: its QEMU), as this machine numbers it; null while stopped. */
  pid: number | null;
  state: LabHostState;
}

export interface LabState {
  backend: LabBackend;
  dir: string;
  bridge: string;
  hosts: LabHost[];
  subnet4: string;
  gateway4: string;
  /** For servers' addresses: on the bridge's link, so hosts make them reachable by proxy ARP. */
  serverPool4: string;
  subnet6: string;
  gateway6: string;
  /** A /48 of unique local addresses, a /64 a server; hosts answer NDP for a server's first address. */
  serverPool6: string;
}

/** What lab.json holds of a host: only what can't be seen by looking at the machine. */
export interface HostRecord {
  name: string;
  index: number;
  address: string;
  address6: string;
  hostKeyFingerprint: string;
  poolSizeBytes: number;
  /** Key of the host image, its root file system's read-only layer. */
  image: string;
  /** The host's control groups at its last boot, one directory a hierarchy; a virtual machine has none here. */
  cgroups: string[];
  /** Of a virtual machine. */
  memoryMib?: number;
  cpus?: number;
}

export interface LabRecord extends Omit<LabState, 'hosts'> {
  version: 1;
  id: string;
  privateKeyPath: string;
  hosts: HostRecord[];
}

const RECORD_FILE = 'lab.json';

/** Eight hex digits that name everything a lab makes on this machine; the same directory always gives the same. */
export function labIdOf(dir: string): string {
  return createHash('sha256').update(dir).digest('hex').slice(0, 8);
}

/** Absolute, with symbolic links resolved as far as the path exists, so that one lab never has two ids. */
export function canonicalDir(dir: string): string {
  const absolute = path.resolve(dir);
  const existing = ancestors(absolute).find((place) => existsSync(place)) ?? '/';
  return path.join(realpathSync(existing), path.relative(existing, absolute));
}

function ancestors(place: string): string[] {
  return place === '/' ? ['/'] : [place, ...ancestors(path.dirname(place))];
}

export function loadRecord(dir: string): LabRecord | undefined {
  const file = path.join(dir, RECORD_FILE);
  if (!existsSync(file)) return undefined;
  const record = JSON.parse(readFileSync(file, 'utf8')) as LabRecord;
  if (record.version !== 1)
    throw new Error(
      `${file}: unknown version ${record.version}; \`lab down\` it with the program that made it`,
    );
  return record;
}

/** Atomic: a reader, or a crash, sees the old file or the new one. */
export function saveRecord(record: LabRecord): void {
  mkdirSync(record.dir, { recursive: true, mode: 0o700 });
  const file = path.join(record.dir, RECORD_FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
