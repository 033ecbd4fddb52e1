import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { withFileLock } from './file-lock';
import { loadRecord } from './lab-state';
import { registeredDirs } from './sysctls';

const KEPT_DAYS = 14;
/** What a build may have left in the cache; a user's own files are none of ours. */
const ENTRY = /^(host|vm|qemu|template-[a-z0-9-]+)-[0-9a-f]{12}$/;

export type Progress = (message: string) => void;

/** `${XDG_CACHE_HOME:-~/.cache}/berth`: kept by `lab down`, shared by all labs and clones of this user. */
export function cacheDir(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'berth');
}

/** Twelve hex digits of everything that goes into an image: it changes when the recipe does. */
export function recipeKey(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

/**
 * The cached artefact `name`, built if it is missing. `build` gets a temporary directory and the artefact is what it
 * leaves there; it appears under its name only when complete. Two builders at once: the second waits for the first.
 */
export async function cached(
  name: string,
  build: (workDir: string) => Promise<void>,
  progress: Progress,
): Promise<string> {
  const target = path.join(cacheDir(), name);
  const lock = path.join(cacheDir(), `.${name}.lock`);
  if (existsSync(target)) {
    noteUse(lock);
    return target;
  }
  const built = await withFileLock(
    lock,
    async () => {
      if (existsSync(target)) return target;
      const workDir = path.join(cacheDir(), `.${name}.new`);
      rmSync(workDir, { recursive: true, force: true });
      mkdirSync(workDir, { recursive: true });
      await build(workDir);
      renameSync(workDir, target);
      return target;
    },
    () => progress(`waiting for another process that builds ${name}`),
  );
  await pruneImages(progress);
  return built;
}

/** The lock file's time is that of the last use; the entry's own stays that of its making. */
function noteUse(lock: string): void {
  const now = new Date();
  if (existsSync(lock)) utimesSync(lock, now, now);
}

/**
 * Removes what recipes of former versions made: entries that nobody asked for in `days` days and no lab that is up has
 * its hosts from. Called after each build, the moment at which something is superseded.
 */
export async function pruneImages(progress: Progress, days = KEPT_DAYS): Promise<void> {
  const inUse = new Set(
    registeredDirs().flatMap((dir) => loadRecord(dir)?.hosts.map((host) => host.image) ?? []),
  );
  const oldest = Date.now() - days * 86_400_000;
  for (const name of readdirSync(cacheDir())) {
    if (!ENTRY.test(name) || inUse.has(name) || lastUse(name) > oldest) continue;
    await withFileLock(path.join(cacheDir(), `.${name}.lock`), async () => {
      progress(`removing ${name} from the cache: not used in ${days} days`);
      const doomed = path.join(cacheDir(), `.${name}.new`);
      rmSync(doomed, { recursive: true, force: true });
      renameSync(path.join(cacheDir(), name), doomed);
      rmSync(doomed, { recursive: true, force: true });
    });
  }
}

function lastUse(name: string): number {
  const times = [name, `.${name}.lock`].map((entry) => path.join(cacheDir(), entry)).filter(existsSync);
  return Math.max(...times.map((entry) => statSync(entry).mtimeMs));
}
