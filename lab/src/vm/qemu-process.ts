import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { waitUntil } from '../wait-until';

const DEATH_TIMEOUT_MS = 20_000;

/** The argument after `-name`: what a lab's QEMU is known by. Nobody else's has it. */
export function machineName(labId: string, hostName: string): string {
  return `berth-lab-${labId}/${hostName}`;
}

/** A QEMU, told apart from a later process of the same number by its start time. */
export interface QemuProcess {
  pid: number;
  name: string;
  startTicks: string;
}

/**
 * The running QEMUs of a lab. Looked up by the name they were started with, never remembered: so one is also found that
 * a `lab up` started and didn't live to record, and a reused number is nobody's.
 */
export function qemusOf(labId: string): QemuProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .flatMap((pid) => {
      const argv = readOr(`/proc/${pid}/cmdline`).split('\0');
      const at = argv.findIndex((word) => word.endsWith('/qemu-system-x86_64'));
      const name = at < 0 ? '' : (argv[argv.indexOf('-name', at) + 1] ?? '');
      const startTicks = startTicksOf(pid);
      return name.startsWith(machineName(labId, '')) && startTicks !== null
        ? [{ pid, name, startTicks }]
        : [];
    });
}

export function findQemu(labId: string, hostName: string): QemuProcess | null {
  const name = machineName(labId, hostName);
  return qemusOf(labId).find((process) => process.name === name) ?? null;
}

export function isAlive({ pid, startTicks }: QemuProcess): boolean {
  return startTicksOf(pid) === startTicks;
}

/** SIGKILL, and waits until its memory, files and tap device are free. Idempotent. */
export async function killQemu(qemu: QemuProcess): Promise<void> {
  if (isAlive(qemu)) process.kill(qemu.pid, 'SIGKILL');
  await waitUntil(`the end of QEMU ${qemu.pid}`, DEATH_TIMEOUT_MS, () => !isAlive(qemu));
}

/** Starts it in a session of its own, in `cwd`, its messages at the end of `log`; rejects where it can't be executed. */
export async function launchQemu(argv: readonly string[], cwd: string, log: string): Promise<void> {
  const output = openSync(log, 'a', 0o600);
  const [program = '', ...args] = argv;
  // Nothing of our environment: it would tell others in /proc about us long after we have gone.
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`)));
  });
  child.unref();
}

/** Clock ticks since the machine's boot; null for a process that is gone, or dead and not buried. */
function startTicksOf(pid: number): string | null {
  const stat = readOr(`/proc/${pid}/stat`);
  // The name in parentheses may hold spaces and parentheses: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ['', 'Z', 'X'].includes(fields[0] ?? '') ? null : (fields[19] ?? null);
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
