import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const MAIN = resolve(__dirname, '../../apps/worker/dist/main.js');

export interface WorkerEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A worker as it is deployed: the built program, in a process of its own. */
export class WorkerProcess {
  /** Resolves when the process has ended, however. */
  readonly ended: Promise<WorkerEnd>;
  private readonly child: ChildProcess;
  private output = '';

  constructor(environment: Record<string, string>) {
    if (!existsSync(MAIN)) throw new Error('apps/worker is not built: run `npx tsc -b apps/worker`');
    this.child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000)));
    }
    this.ended = new Promise((done) => this.child.on('close', (code, signal) => done({ code, signal })));
  }

  /** The tail of what it printed. */
  get log(): string {
    return this.output;
  }

  /** Resolves when it takes operations. */
  async ready(timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!this.output.includes('the worker takes operations')) {
      if (this.child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the worker did not come up:\n${this.output}`);
      await new Promise((tick) => setTimeout(tick, 10));
    }
  }

  /** As the kernel would: nothing is said, nothing is closed. */
  async kill(): Promise<WorkerEnd> {
    this.child.kill('SIGKILL');
    return this.ended;
  }

  /** As a supervisor would. */
  async stop(): Promise<WorkerEnd> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}
