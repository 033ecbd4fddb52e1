import { spawn } from 'node:child_process';

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string | Buffer;
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Called with each piece of standard error as it comes, for progress. */
  onStderr?: (text: string) => void;
}

const TIMED_OUT = 124;

/** Runs a program without a shell and never rejects on its exit code; 124 means that `timeoutMs` ran out. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('run: an empty command');
  return new Promise((resolve, reject) => {
    // With a time limit, a group of its own, so that the program's children end with it; else Ctrl-C must reach it.
    const detached = options.timeoutMs !== undefined;
    const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: 'pipe', detached });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const timer = options.timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          // Somebody who left the group may hold the pipes open: don't wait for them.
          child.stdout.destroy();
          child.stderr.destroy();
        }, options.timeoutMs)
      : undefined;
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => {
      stderr.push(piece);
      options.onStderr?.(piece.toString());
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`cannot run ${program}: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        code: timedOut ? TIMED_OUT : (code ?? (signal === 'SIGKILL' ? 137 : 255)),
        stdout: Buffer.concat(stdout).toString(),
        stderr:
          Buffer.concat(stderr).toString() + (timedOut ? `timed out after ${options.timeoutMs} ms\n` : ''),
      });
    });
    // A program that ends before it read its input is no error of ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
  });
}

/** Like `run`, but a non-zero exit code is an Error with the command and what it said. Returns stdout. */
export async function mustRun(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(argv, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr || result.stdout).trim().split('\n').slice(-15).join('\n');
  throw new Error(`\`${argv.join(' ')}\` ended with ${result.code}: ${said}`);
}
