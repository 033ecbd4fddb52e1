import { setTimeout as delay } from 'node:timers/promises';
import { containerIdOf } from '@berth/domain';
import type { ConsoleLink, ConsoleOutcome } from '@berth/jobs';
import {
  type ContainerRuntime,
  RuntimeError,
  type RuntimeErrorCode,
  type Terminal,
  type TerminalEnd,
} from '@berth/runtime';
import type { HostRecord } from '../hosts/host-record';
import type { ConsolePlace } from './console-place';

/** Between two looks at a server that a console waits for. */
const LOOK_MS = 200;
/** Between two looks whether a server with an open console is frozen. */
const FROZEN_LOOK_MS = 1000;

const NEW_SHELL = 'this is a new shell';

export interface ConsoleSurroundings {
  place(serverId: string): Promise<ConsolePlace | null>;
  runtime(host: HostRecord): ContainerRuntime;
  onError(error: Error): void;
}

/** One console: opens a terminal wherever its server runs, again and again, until the shell, the server or the client ends. */
export class ConsoleRun {
  private lastHostId: string | null = null;
  private again: string | null;
  private said = '';

  constructor(
    private readonly link: ConsoleLink,
    private readonly around: ConsoleSurroundings,
  ) {
    this.again = link.request.again;
  }

  /** Null where the client, or this worker, has ended it. */
  async run(): Promise<ConsoleOutcome | null> {
    const { link, around } = this;
    while (!link.signal.aborted) {
      const place = await around.place(link.request.serverId);
      if (!place) return { end: 'deleted', reason: 'the server was deleted' };
      const terminal = await this.open(place);
      if (!terminal) {
        await delay(LOOK_MS, undefined, { signal: link.signal }).catch(() => undefined);
        continue;
      }
      const end = await this.serve(terminal);
      if (end.reason === 'exited') return { end: 'exited', reason: 'the shell has ended' };
      if (end.reason === 'closed') return null;
      await this.interrupted(end);
    }
    return null;
  }

  private async open({ host, number, status }: ConsolePlace): Promise<Terminal | null> {
    if (status !== 'running') {
      await this.wait(`the server is ${status}`);
      return null;
    }
    const { link } = this;
    try {
      const runtime = this.around.runtime(host);
      const terminal = await runtime.openTerminal(containerIdOf(number), {
        ...link.size,
        signal: link.signal,
      });
      if (this.lastHostId && this.lastHostId !== host.id)
        this.again = `the server has moved to another host: ${NEW_SHELL}`;
      this.lastHostId = host.id;
      return terminal;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      await this.wait(waitingFor(error, this.around));
      return null;
    }
  }

  private async serve(terminal: Terminal): Promise<TerminalEnd> {
    const { link } = this;
    this.said = '';
    await link.opened(terminal, this.again);
    const frozen = this.watchFrozen();
    try {
      for await (const bytes of terminal.output) {
        await link.output(bytes as Buffer);
        if (link.signal.aborted) break;
      }
    } catch (error) {
      this.around.onError(error as Error);
    } finally {
      clearInterval(frozen);
      terminal.close();
    }
    return terminal.ended;
  }

  /** A frozen server's shell stands still with it: told, since nothing that is typed shows. */
  private watchFrozen(): NodeJS.Timeout {
    const { link, around } = this;
    let was = false;
    const look = async () => {
      const place = await around.place(link.request.serverId);
      const is = place?.status === 'frozen';
      if (is === was) return;
      was = is;
      await link.told(is);
    };
    return setInterval(() => void look().catch(around.onError), FROZEN_LOOK_MS);
  }

  private async interrupted(end: TerminalEnd): Promise<void> {
    if (end.reason === 'stopped') {
      this.again = `the server was stopped: ${NEW_SHELL}`;
      await this.wait('the server has stopped');
    } else if (end.reason === 'written_down') {
      this.again = `the server's processes were written down: ${NEW_SHELL}`;
      await this.wait("the server's processes are being written down");
    } else {
      this.again = `the connection to the server was lost: ${NEW_SHELL}`;
      await this.wait('the connection to the server was lost');
    }
  }

  /** Once for each reason. */
  private async wait(reason: string): Promise<void> {
    if (this.said === reason) return;
    this.said = reason;
    await this.link.waiting(reason);
  }
}

/** What passes by itself. */
const NOT_READY: ReadonlySet<RuntimeErrorCode> = new Set([
  'not_found',
  'not_running',
  'in_migration',
  'busy',
]);

/** Hosts' names and commands are not for customers. */
function waitingFor(error: RuntimeError, { onError }: ConsoleSurroundings): string {
  if (NOT_READY.has(error.code)) return 'the server is not ready yet';
  if (error.code !== 'aborted') onError(error);
  return "the server's host does not answer";
}
