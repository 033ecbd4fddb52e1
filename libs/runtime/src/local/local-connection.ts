import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { CommandConnection } from '../shell/command-connection';
import type { CommandHandle } from '../shell/command-handle';

/** The machine that we run on, as a host: for a worker that sits on its only one, and for tests. */
export class LocalConnection extends CommandConnection {
  private readonly running = new Set<ChildProcess>();

  constructor(host = 'localhost') {
    super(host);
  }

  protected async open(commandLine: string): Promise<CommandHandle> {
    // A process group of its own, so that `kill` reaches the children too.
    const child = spawn('/bin/sh', ['-c', commandLine], { stdio: 'pipe', detached: true });
    this.running.add(child);
    const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    ended.catch(() => {}).finally(() => this.running.delete(child));
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      ended,
      kill: () => killGroup(child),
    };
  }

  async close(): Promise<void> {
    for (const child of this.running) killGroup(child);
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
