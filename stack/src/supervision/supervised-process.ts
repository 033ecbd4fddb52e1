import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

import { exited, type ServiceProcessOptions, spawnService, stopProcess } from '../services/child-process';

export interface SupervisedOptions extends ServiceProcessOptions {
  name: string;
  /** Called with the new pid at each start. */
  onStarted: (pid: number) => void;
  onTrouble: (message: string) => void;
  /** How long it may take to end after SIGTERM. */
  stopGraceMs: number;
}

const RESTART_DELAY_MS = 100;
/** A process that ends by itself sooner than this didn't really come up. */
const SHORT_LIFE_MS = 5_000;
/** So many short lives in a row are a crash loop, */
const CRASH_LOOP = 5;
/** in which the next try waits. */
const CRASH_LOOP_DELAY_MS = 30_000;

/** Keeps one process running: starts it again within a second when it dies, and slows down in a crash loop. */
export class SupervisedProcess {
  private child: ChildProcess | null = null;
  private shortLives = 0;
  private loop: Promise<void> | null = null;
  private readonly stopping = new AbortController();

  constructor(private readonly options: SupervisedOptions) {}

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** It keeps ending just after its start: waiting for it is in vain. */
  get isCrashLooping(): boolean {
    return this.shortLives >= CRASH_LOOP;
  }

  start(): void {
    this.loop ??= this.keepRunning();
  }

  /** Ends it for good: SIGTERM, then SIGKILL. Idempotent. */
  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.child) await stopProcess(this.child, ['SIGTERM'], this.options.stopGraceMs);
    await this.loop;
  }

  private async keepRunning(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const started = Date.now();
      const child = spawnService(this.options);
      this.child = child;
      if (child.pid !== undefined) this.options.onStarted(child.pid);
      await exited(child);
      if (this.stopping.signal.aborted) return;
      // Somebody else's kill -9 is no crash of its own.
      const crashed = child.signalCode !== 'SIGKILL' && Date.now() - started < SHORT_LIFE_MS;
      this.shortLives = crashed ? this.shortLives + 1 : 0;
      await this.pause(describeEnd(child));
    }
  }

  private async pause(end: string): Promise<void> {
    const waitMs = this.isCrashLooping ? CRASH_LOOP_DELAY_MS : RESTART_DELAY_MS;
    const { name, logFile, onTrouble } = this.options;
    onTrouble(
      this.isCrashLooping
        ? `! ${name} ended ${this.shortLives} times in a row just after its start (${end}); next try in ${waitMs / 1000} s. Its log: ${logFile}`
        : `! ${name} ended (${end}); starting it again`,
    );
    await delay(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function describeEnd(child: ChildProcess): string {
  if (child.pid === undefined) return 'it could not be started';
  return child.signalCode ? `by ${child.signalCode}` : `with exit code ${child.exitCode}`;
}
