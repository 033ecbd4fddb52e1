import { PassThrough } from 'node:stream';
import type { ContainerId } from '../container-runtime';
import { RuntimeError } from '../runtime-error';
import type { CommandHandle } from '../shell/command-handle';
import { LineSplitter } from '../shell/output-buffer';
import { scriptError } from '../shell/script-error';
import { closeOnAbort, type Terminal, type TerminalOptions } from '../terminal';
import * as check from '../validation';
import { EXIT_NOT_INSTALLED, EXIT_NOT_PREPARED } from './host-scripts';
import { LxcMigrations } from './lxc-migrations';
import { LxcTerminal } from './lxc-terminal';

const OPEN_MS = 15_000;
const ATTEMPTS = 4;
/** What is kept of what the host says before a terminal is open. */
const SAID_LINES = 20;

/** Terminals in containers, each over a channel of its own. */
export abstract class LxcTerminals extends LxcMigrations {
  async openTerminal(id: ContainerId, options: TerminalOptions): Promise<Terminal> {
    const { host } = this.connection;
    check.assertContainerId(host, id);
    check.assertTerminalSize(host, options);
    const action = `open a terminal in ${id}`;
    const timeout = AbortSignal.timeout(options.timeoutMs ?? OPEN_MS);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const failed = (error: unknown): RuntimeError => {
      if (error instanceof RuntimeError && !signal.aborted) return error;
      const code = options.signal?.aborted ? 'aborted' : timeout.aborted ? 'timeout' : 'unreachable';
      const why = { aborted: 'cancelled', timeout: 'it did not open in time' }[code as string];
      const message = `${host}: cannot ${action}: ${why ?? (error as Error).message}`;
      return new RuntimeError(code, message, { host, action }, { cause: error });
    };
    for (let attempt = 1; ; attempt++) {
      try {
        const terminal = await this.tryTerminal(id, options, action, signal);
        closeOnAbort(terminal, options.signal);
        return terminal;
      } catch (error) {
        const exitCode = error instanceof RuntimeError ? error.details.exitCode : null;
        if (attempt === ATTEMPTS || signal.aborted) throw failed(error);
        if (exitCode === EXIT_NOT_INSTALLED) await this.install(signal);
        else if (exitCode === EXIT_NOT_PREPARED) await this.prepareHost({ signal });
        else throw failed(error);
      }
    }
  }

  private async tryTerminal(
    id: ContainerId,
    { columns, rows }: TerminalOptions,
    action: string,
    signal: AbortSignal,
  ): Promise<Terminal> {
    const script = this.scripts.call('container', 'berth_terminal', [id, columns, rows]);
    const handle = await this.connection.interactive(script, action, signal);
    // What ends before it is open has to be read to its end, too.
    const output = handle.stdout.pipe(new PassThrough());
    const said: string[] = [];
    try {
      const exitCode = await opened(handle, said, signal);
      if (exitCode !== null) throw scriptError(this.connection.host, action, exitCode, said.join('\n'));
    } catch (error) {
      output.resume();
      handle.kill();
      throw error;
    }
    return new LxcTerminal(handle, output, () => said.at(-1) ?? '', this.connection.host);
  }
}

/** Resolves with null when it is open, with its exit code when it ended before. `said` goes on to be filled. */
function opened(handle: CommandHandle, said: string[], signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const lines = new LineSplitter((line) => {
      said.push(line);
      if (said.length > SAID_LINES) said.shift();
      if (line === 'opened') resolve(null);
    });
    handle.stderr.on('data', (chunk: Buffer) => lines.add(chunk));
    handle.ended.then(({ code }) => {
      if (code === null) reject(new Error('the connection was lost'));
      else resolve(code);
    }, reject);
    if (signal.aborted) reject(new Error('stopped'));
    else signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
}
