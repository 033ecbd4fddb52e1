import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A failure whose message tells what to do; shown without a stack trace. */
export class SetupError extends Error {}

/** Runs one long step: says what starts, and how long it took. Steps say nothing where there is nothing to do. */
export function step(what, run) {
  const started = Date.now();
  console.log(`… ${what}`);
  const result = run();
  console.log(`✓ ${what} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  return result;
}

/** Runs a program to its end; its output is shown only if it fails. */
export function run(command, args, { env, wayOut }) {
  const result = spawnSync(command, args, {
    cwd: PROJECT_ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return result.stdout;
  if (result.signal === 'SIGINT') throw new SetupError('interrupted; the next run goes on from here');
  const output = result.error ? String(result.error) : `${result.stdout}${result.stderr}`;
  throw new SetupError(`${command} ${args.join(' ')} failed:\n${output.trim()}\n${wayOut}`);
}
