import { join } from 'node:path';

import type { Console } from '../console';
import { cacheDirectory, PROJECT_ROOT, type StackPaths } from '../paths';
import { GaveUp, waitUntil } from '../services/wait-until';
import type { RunRecord } from '../supervision/run-record';
import { SupervisedProcess } from '../supervision/supervised-process';
import type { SealingKeys } from './sealing-keys';

export interface PlatformOptions {
  paths: StackPaths;
  record: RunRecord;
  console: Console;
  postgresUrl: string;
  redisUrl: string;
  keys: SealingKeys;
  apiPort: number;
  onPid: (role: Role, pid: number) => void;
}

export type Role = 'api' | 'worker';

/** Beyond this a stop is a crash, which the platform survives. Short: nobody waits for a demo's last operation. */
const STOP_GRACE_MS = 12_000;
const SHUTDOWN_TIMEOUT_MS = 10_000;

/** The API and the worker, supervised. */
export class Platform {
  readonly apiUrl: string;
  private readonly processes: Record<Role, SupervisedProcess>;

  constructor(private readonly options: PlatformOptions) {
    this.apiUrl = `http://127.0.0.1:${options.apiPort}`;
    const common = commonEnvironment(options);
    this.processes = {
      api: this.supervise('api', {
        ...common,
        BERTH_API_PORT: String(options.apiPort),
        BERTH_PUBLIC_URL: process.env.BERTH_PUBLIC_URL ?? this.apiUrl,
      }),
      worker: this.supervise('worker', {
        ...common,
        BERTH_WORKER_PRIVATE_KEY: options.keys.privateKey,
        BERTH_SIMULATED_DIR: options.paths.simulated,
      }),
    };
  }

  /** Starts both and waits until the API says that it is ready. */
  async start(): Promise<void> {
    for (const process of Object.values(this.processes)) process.start();
    const deadline = { timeoutMs: 60_000, intervalMs: 100 };
    await waitUntil(`the API being ready (${this.logFile('api')})`, () => this.isReady(), deadline);
  }

  pids(): Record<Role, number[]> {
    const pidsOf = (role: Role) => [this.processes[role].pid].filter((pid) => pid !== null);
    return { api: pidsOf('api'), worker: pidsOf('worker') };
  }

  /** The API first, so that nothing new comes in. */
  async stop(): Promise<void> {
    await this.processes.api.stop();
    await this.processes.worker.stop();
  }

  private async isReady(): Promise<true | null> {
    for (const role of ['api', 'worker'] as const) {
      if (this.processes[role].isCrashLooping)
        throw new GaveUp(`the ${role} does not start (${this.logFile(role)})`);
    }
    const response = await fetch(`${this.apiUrl}/health/ready`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok ? true : null;
  }

  private supervise(role: Role, env: NodeJS.ProcessEnv): SupervisedProcess {
    const { record, console, onPid } = this.options;
    return new SupervisedProcess({
      name: role,
      command: process.execPath,
      args: ['--enable-source-maps', join(PROJECT_ROOT, 'apps', role, 'dist/main.js')],
      cwd: PROJECT_ROOT,
      env,
      logFile: this.logFile(role),
      // Their work is made to survive it, and one that hangs must not outlive us either.
      deathSignal: 'KILL',
      stopGraceMs: STOP_GRACE_MS,
      onStarted: (pid) => {
        record.setChild(role, pid);
        onPid(role, pid);
      },
      onTrouble: (message) => console.say(message),
    });
  }

  private logFile(role: Role): string {
    return join(this.options.paths.logs, `${role}.log`);
  }
}

function commonEnvironment({ paths, postgresUrl, redisUrl, keys }: PlatformOptions): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'production',
    BERTH_TEMPLATE_FILE_ROOTS: `${cacheDirectory()}:${paths.standInTemplates}`,
    BERTH_SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
    ...process.env,
    BERTH_POSTGRES_URL: postgresUrl,
    BERTH_REDIS_URL: redisUrl,
    BERTH_WORKER_PUBLIC_KEY: keys.publicKey,
  };
}
