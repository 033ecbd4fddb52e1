import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT_ROOT } from './paths';

/** Runs a built program of the tree in the foreground. @returns its exit code */
export function scriptCommand(script: string, args: string[]): Promise<number> {
  const program = join(PROJECT_ROOT, script);
  if (!existsSync(program)) {
    console.error(`berth: ${script} is not there: this checkout has no such program`);
    return Promise.resolve(1);
  }
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], {
    cwd: PROJECT_ROOT,
    stdio: 'inherit',
  });
  // Ctrl-C reaches the program by the terminal; it ends in its own way, and we wait for it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
