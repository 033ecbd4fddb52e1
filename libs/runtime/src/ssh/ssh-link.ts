import { NodeSSH } from 'node-ssh';
import type { Client } from 'ssh2';
import type { HostEndpoint } from '../host-endpoint';
import type { CommandHandle } from '../shell/command-handle';
import { shellQuote } from '../shell/shell-quote';
import { fingerprintOf } from './host-key';
import { openChannel } from './ssh-channel';
import { connectError } from './ssh-errors';
import type { SshOptions } from './ssh-options';

/** sshd allows 10 sessions a connection by default; the rest is for ending commands. */
export const CHANNELS_PER_LINK = 6;
const KEEPALIVES_MISSED = 3;
const SPARE_AFTER_MS = 50;
/** Beside CHANNELS_PER_LINK. */
const SPARES_PER_LINK = 2;
/** Takes a script, ended by NUL, from its stdin; what follows there is the script's own. */
const waitingShell = (prelude: string): string =>
  `exec bash --norc -c ${shellQuote(`set -euo pipefail\n${prelude}\nIFS= read -r -d "" s || exit 255; eval "$s"`)}`;

/** One SSH connection of a pool: counts its channels, and knows when it is gone. */
export class SshLink {
  channels = 0;
  gone = false;
  /** Settles when it can be used; rejects with `RuntimeError`. */
  readonly ready: Promise<Client>;
  private readonly ssh = new NodeSSH();
  private client: Client | null = null;
  private idle: NodeJS.Timeout | undefined;
  /** By prelude. */
  private readonly spares = new Map<string, Promise<CommandHandle>>();

  constructor(
    private readonly endpoint: HostEndpoint,
    private readonly options: SshOptions,
    private readonly onGone: (link: SshLink) => void,
  ) {
    this.ready = this.connect();
    this.ready.catch(() => this.drop());
  }

  get hasRoom(): boolean {
    return !this.gone && this.channels < CHANNELS_PER_LINK;
  }

  take(): void {
    this.channels++;
    clearTimeout(this.idle);
  }

  give(): void {
    this.channels--;
    if (this.channels > 0 || this.gone) return;
    this.idle = setTimeout(() => this.drop(), this.options.idleMs ?? 60_000);
    this.idle.unref();
  }

  /** Not at once: host and caller are still busy with the end of the last one. */
  keepSpareSoon(client: Client, prelude: string): void {
    setTimeout(() => this.keepSpare(client, prelude), SPARE_AFTER_MS).unref();
  }

  /**
   * Opens a shell that has read the prelude and waits for a script, for the next one to find: the channel, sshd's fork,
   * bash's start and the reading are most of a small script's time. It isn't counted in `channels`, so that it neither
   * takes room nor keeps the link from idling.
   */
  private keepSpare(client: Client, prelude: string): void {
    if (this.gone || this.spares.has(prelude)) return;
    if (this.spares.size >= SPARES_PER_LINK) this.endOldestSpare();
    const spare = openChannel(client, waitingShell(prelude));
    const forget = () => {
      if (this.spares.get(prelude) === spare) this.spares.delete(prelude);
    };
    this.spares.set(prelude, spare);
    spare.then((handle) => handle.ended.then(forget), forget);
  }

  /** The shell that waits with this prelude, if there is one; it is the caller's from here on. */
  async takeSpare(prelude: string): Promise<CommandHandle | null> {
    const spare = this.spares.get(prelude);
    this.spares.delete(prelude);
    return spare ? spare.catch(() => null) : null;
  }

  /** Without a script it ends by itself. */
  private endOldestSpare(): void {
    const [[prelude, spare]] = this.spares as unknown as [[string, Promise<CommandHandle>]];
    this.spares.delete(prelude);
    spare.then((handle) => handle.stdin.end()).catch(() => undefined);
  }

  drop(): void {
    if (this.gone) return;
    this.gone = true;
    clearTimeout(this.idle);
    this.client?.destroy(); // `end` alone would wait for the peer's goodbye.
    this.ssh.dispose();
    this.onGone(this);
  }

  private async connect(): Promise<Client> {
    const { address, port, user, privateKey, hostKeyFingerprint, name } = this.endpoint;
    let denied: string | null = null;
    try {
      const key = typeof privateKey === 'string' ? privateKey : await privateKey();
      const connecting = this.ssh.connect({
        host: address,
        port,
        username: user,
        privateKey: key,
        readyTimeout: this.options.connectTimeoutMs ?? 10_000,
        keepaliveInterval: this.options.keepaliveMs ?? 5_000,
        keepaliveCountMax: KEEPALIVES_MISSED,
        hostVerifier: (shown: Buffer) => {
          const fingerprint = fingerprintOf(shown);
          if (fingerprint !== hostKeyFingerprint) denied = fingerprint;
          return denied === null;
        },
      });
      this.guard();
      await connecting;
    } catch (error) {
      throw connectError(name, `${user}@${address} port ${port}`, error as Error, denied);
    }
    const client = this.guard();
    if (!client || this.gone) {
      throw connectError(name, `${user}@${address} port ${port}`, new Error('connection closed'), null);
    }
    client.setNoDelay(true); // Nagle's algorithm costs 40 ms a command.
    return client;
  }

  /** node-ssh takes its error listener off once connected: a later reset would end the process. */
  private guard(): Client | null {
    const client = this.ssh.connection;
    this.client ??= client;
    if (client && !client.listeners('close').includes(this.onClose)) {
      client.on('error', this.onClose);
      client.on('close', this.onClose);
    }
    return client;
  }

  private readonly onClose = (): void => this.drop();
}
