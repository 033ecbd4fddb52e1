import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { PROJECT_ROOT, type StackPaths } from '../paths';
import type { StartOptions } from './start-options';

interface Message {
  line?: string;
  ready?: true;
}

/** Starts the stack in a process of its own session, repeats what it says, and returns when it is ready or has failed. */
export async function startDetached(options: StartOptions, paths: StackPaths): Promise<number> {
  mkdirSync(paths.logs, { recursive: true });
  const logFile = join(paths.logs, 'stack.log');
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(
    process.execPath,
    [join(PROJECT_ROOT, 'stack/dist/main.js'), 'start', ...argumentsOf(options)],
    {
      cwd: PROJECT_ROOT,
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    },
  );
  closeSync(log);
  const interrupt = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return new Promise((resolve) => {
    child.on('message', ({ line, ready }: Message) => {
      if (line !== undefined) console.log(line);
      if (!ready) return;
      console.log(`Detached (pid ${child.pid}); \`npm stop\` ends it. Its log: ${logFile}`);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.on('error', (error) => {
      console.error(`! the stack could not be started: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code) => {
      console.error(`! the stack ended before it was ready. Its log: ${logFile}`);
      resolve(code || 1);
    });
  });
}

function argumentsOf({ hosts, demo, simulated }: StartOptions): string[] {
  return ['--hosts', String(hosts), '--simulated', String(simulated), ...(demo ? [] : ['--no-demo'])];
}
