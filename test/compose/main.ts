import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

import { baseImages } from './base-images';
import { Checks, type Counts } from './checks';
import { type ComposeRun, PROJECT_ROOT } from './compose-run';
import { installDocker, obstacle } from './machine';
import { machineTraces, removeCgroup } from './machine-traces';
import { giveRegistryAccess } from './registry-access';

/** Of our cgroups and scratch directories; the pid follows, by which a later run knows what a killed one left. */
const PREFIX = 'berth-compose-';

/**
 * `npm run test:compose`: the Dockerfile and docker-compose.yml for real, on a Docker daemon of its own. It runs in its own
 * network, mount and process namespaces: its bridge, firewall rules and mounts are never seen on this machine, and end with
 * it however it ends.
 */
async function main(): Promise<number> {
  const checks = new Checks();
  const reason = obstacle();
  if (reason) {
    console.log(`! skipped: ${reason}`);
    checks.counts.skipped++;
    return conclude(checks);
  }
  const scratch = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const dataDir = join(PROJECT_ROOT, '.berth/compose', String(process.pid));
  const run: ComposeRun = { dataDir, scratch, cgroup: `${PREFIX}${process.pid}`, images: [] };
  try {
    await tryCompose(checks, run);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  }
  return conclude(checks);
}

async function tryCompose(checks: Checks, run: ComposeRun): Promise<void> {
  await checks.check('Docker and docker-compose are installed', installDocker);
  await checks.check('stand-ins for the public images are at hand', async () => {
    run.images = await baseImages();
  });
  if (checks.counts.failed > 0) return;
  removeRemains();
  const before = await machineTraces(run.dataDir);
  const proxy = await giveRegistryAccess(run);
  try {
    checks.add(await runInside(run));
  } finally {
    proxy.close();
    proxy.closeAllConnections();
  }
  const left = removeCgroup(run.cgroup);
  // Looked at after failures too: what went wrong inside must not leave anything either.
  const cleanUp = new Checks();
  await cleanUp.check('nothing is left on this machine', async () => {
    const after = await machineTraces(run.dataDir);
    if (left.length > 0) throw new Error(`cgroups still in use: ${left.join(', ')}`);
    if (!isDeepStrictEqual(after, before)) {
      throw new Error(`before: ${JSON.stringify(before)}\nafter: ${JSON.stringify(after)}`);
    }
  });
  checks.add(cleanUp.counts);
}

/** What runs that were killed left: data, scratch directories, cgroups. */
function removeRemains(): void {
  const state = join(PROJECT_ROOT, '.berth/compose');
  mkdirSync(state, { recursive: true });
  for (const pid of readdirSync(state)) {
    if (!/^\d+$/.test(pid) || isAlive(Number(pid))) continue;
    removeCgroup(`${PREFIX}${pid}`);
    for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(`${PREFIX}${pid}-`)))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    rmSync(join(state, pid), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Should we die, `setpriv` has the kernel kill `unshare`, which takes the namespaces' first process, and so all, with it. */
const FENCE = [
  ['setpriv', '--pdeathsig', 'KILL', '--'],
  ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
].flat();

async function runInside(run: ComposeRun): Promise<Counts> {
  const settings = join(run.scratch, 'run.json');
  writeFileSync(settings, JSON.stringify(run), { mode: 0o600 });
  const [program = '', ...args] = FENCE;
  const inside = [process.execPath, '--enable-source-maps', join(__dirname, 'inside.js'), settings];
  const child = spawn(program, [...args, ...inside], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A process group of its own: Ctrl-C reaches us alone, and we end it.
    detached: true,
  });
  const kill = () => void child.kill('SIGKILL');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, kill);
  let counts: Counts | null = null;
  child.on('message', (message) => (counts = message as Counts));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return counts ?? { passed: 0, failed: 1, skipped: 0 };
}

/** The last line is for programs to read. */
function conclude({ counts }: Checks): number {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    console.log('0 passed, 1 failed, 0 skipped');
    process.exit(1);
  },
);
