import { Lab } from '@berth/lab';
import { existsSync, rmSync } from 'node:fs';

import type { StackPaths } from '../paths';
import { removeOwnedDirectory } from '../services/data-directory';
import { waitUntil } from '../services/wait-until';
import { isRunning, type ProcessIdentity } from '../supervision/process-identity';
import { RunRecord } from '../supervision/run-record';

/** Whether a stack that didn't end in order left something here. */
export function hasRemains(paths: StackPaths): boolean {
  return [paths.recordFile, paths.stackFile, paths.lab, paths.simulated, paths.postgres, paths.redis].some(
    (path) => existsSync(path),
  );
}

/** Ends without ceremony and removes all that a stack left. Idempotent; works by what is on record. */
export async function cleanUp(paths: StackPaths): Promise<void> {
  rmSync(paths.stackFile, { force: true });
  // The supervisor first: it would start the others again.
  const supervisor = RunRecord.supervisor(paths.recordFile);
  if (supervisor && supervisor.pid !== process.pid) await kill(supervisor);
  for (const child of RunRecord.leftChildren(paths.recordFile)) await kill(child);
  if (existsSync(paths.lab)) await Lab.open(paths.lab).down();
  removeData(paths, 'Postgres');
  removeData(paths, 'Redis');
  rmSync(paths.lab, { recursive: true, force: true });
  rmSync(paths.simulated, { recursive: true, force: true });
  rmSync(paths.recordFile, { force: true });
}

async function kill(target: ProcessIdentity): Promise<void> {
  if (!isRunning(target)) return;
  process.kill(target.pid, 'SIGKILL');
  const gone = () => (isRunning(target) ? null : true);
  await waitUntil(`process ${target.pid} ending`, gone, { timeoutMs: 10_000 });
}

/**
 * The database goes with the stack: its servers lived in the lab's storage pools, which go down with the lab, and a
 * database full of servers that are no more would only mislead.
 */
export function removeData(paths: StackPaths, server: 'Postgres' | 'Redis'): void {
  if (server === 'Postgres') removeOwnedDirectory(paths.postgres);
  else rmSync(paths.redis, { recursive: true, force: true });
}
