import type { LabUpOptions } from '@berth/lab';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { stackPaths } from '../paths';
import { removeOwnedDirectory } from '../services/data-directory';
import { startPostgres } from '../services/postgres';
import { startRedis } from '../services/redis';
import { cleanUp } from '../stop/clean-up';

/** How tests learn where the servers are. Set one yourself and nothing is started for it. */
export const TEST_ENVIRONMENT = {
  postgresUrl: 'BERTH_TEST_POSTGRES_URL',
  redisUrl: 'BERTH_TEST_REDIS_URL',
  labDir: 'BERTH_TEST_LAB_DIR',
  vmLabDir: 'BERTH_TEST_VM_LAB_DIR',
  /** A directory of the run, cleared at its end. */
  runDir: 'BERTH_TEST_RUN_DIR',
  /** Why there is no lab: tests that need one are skipped. */
  noLab: 'BERTH_TEST_NO_LAB',
} as const;

/** Hosts of the tests' lab. Two: enough for placement to choose, and for one to crash. */
const TEST_LAB_HOSTS = 2;

/** The virtual machines': two processors, so that there is something to choose for a container; memory to copy memory in. */
const TEST_VM = { cpus: 2, memoryMib: 2560 };

export type Progress = (message: string) => void;

interface Started {
  undo: (() => Promise<void>)[];
}

/**
 * Starts what tests need, at most once each, and tells it through the environment, which jest's workers inherit.
 * Each run has a directory of its own, named by our pid, so that several people can run jest in one tree.
 */
export class TestServices {
  private readonly started: Started = { undo: [] };
  private readonly dir: string;

  constructor(
    private readonly root: string,
    private readonly progress: Progress,
  ) {
    this.dir = join(runsDirectory(root), String(process.pid));
    process.env[TEST_ENVIRONMENT.runDir] = this.dir;
  }

  /** Postgres and Redis; idempotent. */
  async ensureDatabases(): Promise<void> {
    mkdirSync(this.dir, { recursive: true });
    const starts: Promise<void>[] = [];
    if (!process.env[TEST_ENVIRONMENT.postgresUrl]) starts.push(this.startPostgres());
    if (!process.env[TEST_ENVIRONMENT.redisUrl]) starts.push(this.startRedis());
    await Promise.all(starts);
  }

  /** The lab, if this machine can have one; else the reason goes to BERTH_TEST_NO_LAB. Idempotent. */
  ensureLab(): Promise<void> {
    return this.startLab(TEST_ENVIRONMENT.labDir, 'lab', { hosts: TEST_LAB_HOSTS });
  }

  /** The same out of virtual machines; one is enough for all but migrations. */
  ensureVmLab(hosts = TEST_LAB_HOSTS): Promise<void> {
    return this.startLab(TEST_ENVIRONMENT.vmLabDir, 'vm-lab', { backend: 'vm', hosts, ...TEST_VM });
  }

  /** Stops what was started, last first, and removes its data. Goes on after a failure, then throws the first one. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.started.undo.splice(0).reverse()) {
      await undo().catch((error: unknown) => failures.push(error));
    }
    removeOwnedDirectory(join(this.dir, 'postgres'));
    rmSync(this.dir, { recursive: true, force: true });
    if (failures.length > 0) throw failures[0];
  }

  private async startLab(variable: string, name: string, options: LabUpOptions): Promise<void> {
    if (process.env[variable] || process.env[TEST_ENVIRONMENT.noLab]) return;
    const { Lab, checkLabSupport, templateCatalogue } = await import('@berth/lab');
    const support = await checkLabSupport(options.backend);
    if (!support.supported) {
      process.env[TEST_ENVIRONMENT.noLab] = support.missing
        .map(({ what, wayOut }) => `${what} (${wayOut})`)
        .join('; ');
      return;
    }
    const dir = join(this.dir, name);
    mkdirSync(dir, { recursive: true });
    const lab = Lab.open(dir);
    // Registered first: a lab that came up half-way has to go down as well.
    this.started.undo.push(async () => void (await lab.down()));
    await lab.up({ ...options, onProgress: this.progress });
    // Tests take them from the cache, which is empty on a new machine.
    await templateCatalogue({ onProgress: this.progress });
    process.env[variable] = dir;
  }

  private async startPostgres(): Promise<void> {
    const postgres = await startPostgres({ dir: join(this.dir, 'postgres'), fast: true });
    this.started.undo.push(() => postgres.stop());
    process.env[TEST_ENVIRONMENT.postgresUrl] = postgres.url;
  }

  private async startRedis(): Promise<void> {
    const redis = await startRedis({ dir: join(this.dir, 'redis'), fast: true });
    this.started.undo.push(() => redis.stop());
    process.env[TEST_ENVIRONMENT.redisUrl] = redis.url;
  }
}

/**
 * Clears what runs that were killed left: their labs (their Postgres and Redis died with them) and their data.
 * Runs of living processes are left alone.
 */
export async function sweepDeadRuns(root: string): Promise<void> {
  for (const name of listDirectory(runsDirectory(root))) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid || isAlive(pid)) continue;
    const dir = join(runsDirectory(root), name);
    for (const name of ['lab', 'vm-lab'].filter((lab) => listDirectory(dir).includes(lab))) {
      const { Lab } = await import('@berth/lab');
      await Lab.open(join(dir, name)).down();
    }
    // Tests of `npm start` keep their stacks here, which are detached and so outlive a killed run.
    for (const stack of listDirectory(dir).filter((entry) => entry.startsWith('stack'))) {
      await cleanUp(stackPaths({ BERTH_STATE_DIR: join(dir, stack) }));
    }
    removeOwnedDirectory(join(dir, 'postgres'));
    rmSync(dir, { recursive: true, force: true });
  }
}

function runsDirectory(root: string): string {
  return resolve(root, '.berth/test');
}

function listDirectory(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
