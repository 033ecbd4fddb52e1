import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs `work` while holding flock(2) on `file` (made if missing). The lock is the kernel's, held by a child that ends
 * when our end of its pipe closes, so a killed process never leaves it behind. Waits without limit; `onWait` is called
 * once when somebody else has it.
 */
export async function withFileLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  mkdirSync(path.dirname(file), { recursive: true });
  const holder = spawn('flock', ['-x', file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const waiting = setTimeout(() => onWait?.(), 500);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('error', reject);
      holder.once('exit', (code) => reject(new Error(`cannot lock ${file}: flock ended with ${code}`)));
    });
    clearTimeout(waiting);
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.stdin.end();
    await ended;
  }
}
