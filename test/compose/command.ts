import { execFile } from 'node:child_process';

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  timeoutMs?: number;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program without a shell; a non-zero exit is a result, not an error. */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    const { env = process.env, cwd, timeoutMs = 120_000 } = options;
    const limits = { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, killSignal: 'SIGKILL' as const };
    execFile(program, args, { env, cwd, ...limits }, (error, stdout, stderr) => {
      const exit = typeof error?.code === 'number' ? error.code : 1;
      const said = error && !stderr ? error.message : stderr;
      resolve({ code: error ? exit : 0, stdout, stderr: said });
    });
  });
}

/** @returns stdout. @throws with the command and the end of what it said, unless it ends with 0 */
export async function mustRun(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-30).join('\n');
  throw new Error(`\`${argv.join(' ')}\` ended with ${code}:\n${said}`);
}
