import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KeyedMutex, LockTimeout } from '../keyed-mutex';
import { newHostRecord } from './simulated-state';
import type { AddressViolation, SimulatedContainer, SimulatedHostRecord } from './simulated-state';
import type { SimulatedStore } from './simulated-store';

const LOCK_POLL_MS = 5;

/**
 * Simulated hosts in a directory: hosts/<host>/{host.json,containers/<id>.json,fences/<id>}, addresses/<address>,
 * violations.jsonl, locks/. Several processes may share it, and a `kill -9` at any point leaves every record whole
 * (temporary name, then rename). Not synced to disk: it has to survive the death of a process, not of the machine.
 */
export class FileStore implements SimulatedStore {
  private readonly mutex = new KeyedMutex();
  private readonly known = new Set<string>();
  private readonly hostCache = new Map<string, { version: string; record: SimulatedHostRecord }>();
  private readonly ownTag = processTag(process.pid) ?? '';
  private sequence = 0;

  constructor(private readonly dir: string) {
    for (const sub of ['hosts', 'addresses', 'locks', 'tmp']) mkdirSync(join(dir, sub), { recursive: true });
  }

  /** Waits in this process first, so that only different processes poll the lock's file. */
  withLock<T>(host: string, key: string, waitMs: number, work: () => Promise<T> | T): Promise<T> {
    const name = `${encode(host)}@${encode(key)}`;
    return this.mutex.run(name, waitMs, async () => {
      const path = join(this.dir, 'locks', name);
      const deadline = Date.now() + waitMs;
      while (!this.tryLock(path)) {
        if (Date.now() >= deadline) throw new LockTimeout(`${name} is still locked after ${waitMs} ms`);
        await delay(LOCK_POLL_MS);
      }
      try {
        return await work();
      } finally {
        rmSync(path, { force: true });
      }
    });
  }

  readHost(host: string): SimulatedHostRecord {
    const path = join(this.hostDir(host), 'host.json');
    const file = statSync(path, { throwIfNoEntry: false });
    if (!file) return newHostRecord();
    // Every write is a new file: its number and time tell whether ours is the last.
    const version = `${file.ino} ${file.mtimeMs} ${file.size}`;
    const cached = this.hostCache.get(host);
    if (cached?.version === version) return structuredClone(cached.record);
    const record = readJson<SimulatedHostRecord>(path) ?? newHostRecord();
    this.hostCache.set(host, { version, record });
    return structuredClone(record);
  }

  writeHost(host: string, record: SimulatedHostRecord): void {
    this.write(join(this.hostDir(host), 'host.json'), JSON.stringify(record));
  }

  hosts(): string[] {
    return list(join(this.dir, 'hosts')).map(decodeURIComponent);
  }

  readContainer(host: string, id: string): SimulatedContainer | null {
    return readJson<SimulatedContainer>(join(this.hostDir(host), 'containers', `${encode(id)}.json`));
  }

  writeContainer(host: string, container: SimulatedContainer): void {
    const path = join(this.hostDir(host), 'containers', `${encode(container.spec.id)}.json`);
    this.write(path, JSON.stringify(container));
  }

  removeContainer(host: string, id: string): void {
    rmSync(join(this.hostDir(host), 'containers', `${encode(id)}.json`), { force: true });
  }

  listContainers(host: string): SimulatedContainer[] {
    const dir = join(this.hostDir(host), 'containers');
    return list(dir)
      .map((name) => readJson<SimulatedContainer>(join(dir, name)))
      .filter((container) => container !== null);
  }

  readFence(host: string, id: string): number {
    return readJson<number>(join(this.hostDir(host), 'fences', encode(id))) ?? 0;
  }

  writeFence(host: string, id: string, fence: number): void {
    this.write(join(this.hostDir(host), 'fences', encode(id)), String(fence));
  }

  claimAddress(address: string, owner: string): string | null {
    const path = join(this.dir, 'addresses', encode(address));
    for (;;) {
      if (this.createWhole(path, owner)) return null;
      const holder = readText(path);
      if (holder !== null) return holder === owner ? null : holder;
    }
  }

  releaseAddress(address: string, owner: string): void {
    const path = join(this.dir, 'addresses', encode(address));
    if (readText(path) === owner) rmSync(path, { force: true });
  }

  recordViolation(violation: AddressViolation): void {
    appendFileSync(join(this.dir, 'violations.jsonl'), `${JSON.stringify(violation)}\n`);
  }

  violations(): AddressViolation[] {
    const lines = (readText(join(this.dir, 'violations.jsonl')) ?? '').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as AddressViolation);
  }

  private hostDir(host: string): string {
    return join(this.dir, 'hosts', encode(host));
  }

  private write(path: string, text: string): void {
    this.ensureDir(dirname(path));
    const temporary = this.temporary();
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  }

  /** Creates `path` with its whole text at once, or gives false where it exists. */
  private createWhole(path: string, text: string): boolean {
    const temporary = this.temporary();
    const file = openSync(temporary, 'w');
    writeSync(file, text);
    closeSync(file);
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      unlinkSync(temporary);
    }
  }

  /** A lock whose holder died is taken away: by a rename, so that only one of those who notice does it. */
  private tryLock(path: string): boolean {
    if (this.createWhole(path, this.ownTag)) return true;
    const holder = readText(path);
    if (holder !== null && processTag(Number(holder.split(' ')[0])) !== holder) {
      const grave = this.temporary();
      try {
        renameSync(path, grave);
        // Between the look and the rename the lock may have changed hands: give it back.
        if (readText(grave) !== holder) linkSync(grave, path);
      } catch {
        // Someone else was quicker.
      }
      rmSync(grave, { force: true });
    }
    return false;
  }

  private temporary(): string {
    return join(this.dir, 'tmp', `${process.pid}.${this.sequence++}`);
  }

  private ensureDir(dir: string): void {
    if (this.known.has(dir)) return;
    mkdirSync(dir, { recursive: true });
    this.known.add(dir);
  }
}

const encode = (name: string): string => encodeURIComponent(name).replaceAll('.', '%2E');

/** `pid start-time`: a pid alone may have been given to another process since. Null where it doesn't run. */
function processTag(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat !== null) return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  try {
    process.kill(pid, 0); // No /proc here: the pid must do.
    return `${pid} -`;
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

function readJson<T>(path: string): T | null {
  const text = readText(path);
  return text === null ? null : (JSON.parse(text) as T);
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
