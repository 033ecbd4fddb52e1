import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { withFileLock } from './file-lock';

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
  if (existsSync(target)) return target;
  return withFileLock(
    path.join(cacheDir(), `.${name}.lock`),
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
}
