import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ExecOptions, ExecResult } from '../container-runtime';
import type { HostConnection, ScriptOptions } from '../host-connection';
import { RuntimeError } from '../runtime-error';
import type { RuntimeErrorCode } from '../runtime-error';
import type { CommandHandle } from './command-handle';
import { LineSplitter, OutputBuffer } from './output-buffer';
import { scriptError } from './script-error';
import { shellCommand, shellQuote } from './shell-quote';

const SCRIPT_TIMEOUT_MS = 120_000;
const SCRIPT_OUTPUT_BYTES = 16 * 1024 * 1024;
const EXEC_OUTPUT_BYTES = 1024 * 1024;

interface Run {
  start: (signal: AbortSignal) => Promise<CommandHandle>;
  action: string;
  timeoutMs: number;
  signal?: AbortSignal;
  input?: string | Buffer | Readable;
  stdoutBytes: number;
  stderrBytes: number;
  onStdout?: (chunk: Buffer) => void;
  onStderr?: (chunk: Buffer) => void;
}

export interface PreludedScript {
  /** See `ScriptOptions`; may be empty. */
  prelude: string;
  script: string;
}

/** All of a connection but the way a command is started: time limits, abort, output, errors. */
export abstract class CommandConnection implements HostConnection {
  constructor(readonly host: string) {}

  /** Starts a line in a POSIX shell. Throws `RuntimeError`. */
  protected abstract open(commandLine: string, action: string, signal: AbortSignal): Promise<CommandHandle>;

  /** Starts a bash script in strict mode; its input is still to come. */
  protected openScript(
    { prelude, script }: PreludedScript,
    action: string,
    signal: AbortSignal,
  ): Promise<CommandHandle> {
    return this.open(inBash(`${prelude}\n${script}`), action, signal);
  }

  abstract close(): Promise<void>;

  /** The script rides on the command line, visible to root on the host: secrets belong into `input`. */
  async script(script: string, options: ScriptOptions): Promise<string> {
    return this.runScript(script, options.input ?? '', options);
  }

  async upload(script: string, input: Readable, options: ScriptOptions): Promise<string> {
    return this.runScript(script, input, options);
  }

  async exec(command: readonly string[], options: ExecOptions): Promise<ExecResult> {
    return this.execLine(`exec ${shellCommand(command)}`, `run ${command[0]}`, options);
  }

  /** `exec` of a command line that is put together already. */
  async execLine(commandLine: string, action: string, options: ExecOptions): Promise<ExecResult> {
    const keep = options.maxOutputBytes ?? EXEC_OUTPUT_BYTES;
    const result = await this.run({
      start: (signal) => this.open(commandLine, action, signal),
      action,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
      input: options.stdin,
      stdoutBytes: keep,
      stderrBytes: keep,
      onStdout: options.onStdout,
      onStderr: options.onStderr,
    });
    const { stdout, stderr, exitCode } = result;
    const truncated = stdout.truncated || stderr.truncated;
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString(), truncated };
  }

  /** Starts a script whose streams are the caller's own. The signal ends only the start. */
  async interactive(script: PreludedScript, action: string, signal: AbortSignal): Promise<CommandHandle> {
    return this.openScript(script, action, signal);
  }

  private async runScript(script: string, input: string | Readable, options: ScriptOptions): Promise<string> {
    const log = new LineSplitter((line) => options.onLog?.(line));
    const { stdout, stderr, exitCode } = await this.run({
      start: (signal) => this.openScript({ prelude: options.prelude ?? '', script }, options.action, signal),
      action: options.action,
      timeoutMs: options.timeoutMs ?? SCRIPT_TIMEOUT_MS,
      signal: options.signal,
      input,
      stdoutBytes: SCRIPT_OUTPUT_BYTES,
      stderrBytes: SCRIPT_OUTPUT_BYTES,
      onStderr: options.onLog ? (chunk) => log.add(chunk) : undefined,
    });
    log.end();
    if (exitCode !== 0) throw scriptError(this.host, options.action, exitCode, stderr.toString());
    return stdout.toString();
  }

  private async run(run: Run) {
    const stop = new AbortController();
    let cause: RuntimeErrorCode | null = null;
    const end = (code: RuntimeErrorCode) => {
      cause ??= code;
      stop.abort();
    };
    const onAbort = () => end('aborted');
    if (run.signal?.aborted) throw this.failure('aborted', run, 'cancelled before it began');
    run.signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => end('timeout'), run.timeoutMs);
    try {
      return await this.attempt(run, stop.signal);
    } catch (error) {
      if (cause === 'timeout') throw this.failure('timeout', run, `ended after ${run.timeoutMs} ms`);
      if (cause === 'aborted') throw this.failure('aborted', run, 'cancelled');
      throw error;
    } finally {
      clearTimeout(timer);
      run.signal?.removeEventListener('abort', onAbort);
    }
  }

  private async attempt(run: Run, stop: AbortSignal) {
    const handle = await run.start(stop);
    const stdout = new OutputBuffer(run.stdoutBytes);
    const stderr = new OutputBuffer(run.stderrBytes);
    handle.stdout.on('data', (chunk: Buffer) => (stdout.add(chunk), run.onStdout?.(chunk)));
    handle.stderr.on('data', (chunk: Buffer) => (stderr.add(chunk), run.onStderr?.(chunk)));
    const stopped = new Promise<never>((_, reject) => {
      const onStop = () => {
        handle.kill();
        reject(new Error('stopped'));
      };
      if (stop.aborted) onStop();
      else stop.addEventListener('abort', onStop, { once: true });
    });
    const fed = this.feed(handle, run.input);
    const { code, signal } = await Promise.race([handle.ended, stopped, fed.then(() => handle.ended)]);
    if (code === null && signal === null) {
      throw this.failure('unreachable', run, 'the connection was lost before the command had ended');
    }
    return { stdout, stderr, exitCode: code ?? 128 + signalNumber(signal) };
  }

  /** Rejects only where the source fails: a command that doesn't read its input to the end is no error. */
  private async feed(handle: CommandHandle, input: Run['input']): Promise<void> {
    handle.stdin.on('error', () => {});
    if (input === undefined || typeof input === 'string' || Buffer.isBuffer(input)) {
      handle.stdin.end(input ?? '');
      return;
    }
    let broken: Error | null = null;
    input.once('error', (error) => (broken = error));
    await pipeline(input, handle.stdin).catch(() => {
      if (!broken) return;
      handle.kill();
      throw broken;
    });
  }

  private failure(code: RuntimeErrorCode, { action }: Run, why: string): RuntimeError {
    return new RuntimeError(code, `${this.host}: cannot ${action}: ${why}`, { host: this.host, action });
  }
}

/** In bash and strict mode, whatever the login shell; one that is bash already is used, which saves a process. */
export function inBash(script: string): string {
  const strict = 'set -euo pipefail';
  return `s=${shellQuote(script)}; [ "\${BASH##*/}" = bash ] || exec bash --norc -c "${strict}; $s"; ${strict}; eval "$s"`;
}

/** ssh names signals without SIG. */
function signalNumber(signal: string | null): number {
  const name = `SIG${signal?.replace(/^SIG/, '')}` as NodeJS.Signals;
  return constants.signals[name] ?? 9;
}
