import { readFileSync } from 'node:fs';

/** A process told apart from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** The kernel's start time in clock ticks since boot; null where there is no /proc. */
  startTicks: string | null;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startTicks: startTicksOf(pid) };
}

/** True while that very process runs; a zombie has ended. */
export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startTicks === null || startTicks === startTicksOf(pid);
}

function startTicksOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The command's name, in parentheses, may hold anything, spaces and parentheses too: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}
