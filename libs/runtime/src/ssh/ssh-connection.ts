import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'ssh2';
import type { HostEndpoint } from '../host-endpoint';
import { RuntimeError } from '../runtime-error';
import { CommandConnection, inBash, type PreludedScript } from '../shell/command-connection';
import type { CommandHandle } from '../shell/command-handle';
import { openChannel } from './ssh-channel';
import { SshLink } from './ssh-link';
import type { SshOptions } from './ssh-options';

const OPEN_ATTEMPTS = 4;

/** Commands over a pool of SSH connections to one host: opened on demand, closed when idle, host key pinned. */
export class SshConnection extends CommandConnection {
  private readonly links = new Set<SshLink>();
  private readonly waiting: (() => void)[] = [];
  private closed = false;

  constructor(
    private readonly endpoint: HostEndpoint,
    private readonly options: SshOptions = {},
  ) {
    super(endpoint.name);
  }

  /** Connections that are open or opening. */
  get size(): number {
    return this.links.size;
  }

  protected async open(commandLine: string, action: string, signal: AbortSignal): Promise<CommandHandle> {
    const link = await this.takeLink(action, signal);
    try {
      const client = await orAbort(link.ready, signal);
      const handle = await this.start(client, commandLine, action);
      void handle.ended.then(() => this.give(link));
      return handle;
    } catch (error) {
      this.give(link);
      throw error;
    }
  }

  /** By a shell that waits already, where there is one. */
  protected override async openScript(
    { prelude, script }: PreludedScript,
    action: string,
    signal: AbortSignal,
  ): Promise<CommandHandle> {
    const link = await this.takeLink(action, signal);
    try {
      const client = await orAbort(link.ready, signal);
      const spare = await orAbort(link.takeSpare(prelude), signal);
      const handle = spare ?? (await this.start(client, inBash(`${prelude}\n${script}`), action));
      if (spare) spare.stdin.write(`${script}\0`);
      void handle.ended.then(() => {
        this.give(link);
        link.keepSpareSoon(client, prelude);
      });
      return handle;
    } catch (error) {
      this.give(link);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const link of [...this.links]) link.drop();
    this.waiting.splice(0).forEach((wake) => wake());
  }

  private async start(client: Client, commandLine: string, action: string): Promise<CommandHandle> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await openChannel(client, commandLine);
      } catch (cause) {
        // sshd may still be busy with the end of an earlier session: the command has not begun, so ask again.
        const refused = (cause as Error).message.includes('Channel open failure');
        if (!refused || attempt === OPEN_ATTEMPTS) throw this.unreachable(action, (cause as Error).message);
        await delay(attempt * 20);
      }
    }
  }

  private async takeLink(action: string, signal: AbortSignal): Promise<SshLink> {
    for (;;) {
      if (this.closed) throw this.unreachable(action, 'its connections were closed');
      const link = [...this.links].find((one) => one.hasRoom) ?? this.newLink();
      if (link) {
        link.take();
        return link;
      }
      await orAbort(new Promise<void>((resolve) => this.waiting.push(resolve)), signal);
    }
  }

  private newLink(): SshLink | null {
    if (this.links.size >= (this.options.maxConnections ?? 4)) return null;
    const link = new SshLink(this.endpoint, this.options, (gone) => {
      this.links.delete(gone);
      this.wake();
    });
    this.links.add(link);
    return link;
  }

  private give(link: SshLink): void {
    link.give();
    this.wake();
  }

  /** Wakes all: one of them may have been aborted, and the others look again. They are few. */
  private wake(): void {
    this.waiting.splice(0).forEach((wake) => wake());
  }

  private unreachable(action: string, why: string): RuntimeError {
    return new RuntimeError('unreachable', `${this.host}: cannot ${action}: ${why}`, {
      host: this.host,
      action,
    });
  }
}

/** `promise`, unless the signal comes first; what it was aborted for is known to the caller. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw new Error('stopped');
  let onAbort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new Error('stopped'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
