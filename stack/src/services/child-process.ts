import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';

const SETPRIV = '/usr/bin/setpriv';

export interface ServiceProcessOptions {
  command: string;
  args: string[];
  /** Appended to; holds stdout and stderr. */
  logFile: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Linux account to run as; only root may ask for another than its own. */
  user?: string;
  /** What the kernel sends the process when we die without stopping it (kill -9): nothing outlives us. */
  deathSignal: 'INT' | 'TERM' | 'KILL';
}

/**
 * Starts a long-running process whose life is tied to ours. `setpriv` replaces itself by the command, so the pid is
 * the command's own. Where there is no setpriv (not Linux), the process is a plain child.
 */
export function spawnService(options: ServiceProcessOptions): ChildProcess {
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    const [command, args] = existsSync(SETPRIV) ? throughSetpriv(options) : [options.command, options.args];
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      // Its own process group: Ctrl-C in the terminal reaches us alone, and we stop the services in order.
      detached: true,
      stdio: ['ignore', log, log],
    });
    // Without a listener a failed spawn would end this process; `exited` reports it as an exit instead.
    child.on('error', () => undefined);
    return child;
  } finally {
    closeSync(log);
  }
}

function throughSetpriv({ command, args, user, deathSignal }: ServiceProcessOptions): [string, string[]] {
  const identity = user ? ['--reuid', user, '--regid', user, '--init-groups'] : [];
  return [SETPRIV, [...identity, '--pdeathsig', deathSignal, '--', command, ...args]];
}

/** Resolves when the process is gone (also if it never started). */
export function exited(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
  });
}

/** Ends a process: each signal in turn, waiting `graceMs` after each; SIGKILL last. Idempotent. */
export async function stopProcess(
  child: ChildProcess,
  signals: NodeJS.Signals[],
  graceMs: number,
): Promise<void> {
  for (const signal of [...signals, 'SIGKILL' as const]) {
    const gone = exited(child);
    child.kill(signal);
    if (await within(gone, graceMs)) return;
  }
}

/** True if the promise settles in time. */
export async function within(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
