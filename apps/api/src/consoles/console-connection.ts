import {
  type ConsoleCloseReason,
  consoleClientMessageSchema,
  consoleCloseCodes,
  type ConsoleServerMessage,
  type ConsoleSize,
} from '@berth/contracts';
import type { ConsoleClient, ConsoleListener, ConsoleSession } from '@berth/jobs';
import { type RawData, WebSocket } from 'ws';
import { InputRate } from './input-rate';

/** A client that answers no ping for two of these is gone. */
const PING_MS = 15_000;
/** Given to a client to say goodbye. */
const CLOSE_MS = 2000;
const WARN_MS = 60_000;
const NORMAL = 1000;
const GOING_AWAY = 1001;

/** What became of a console, for the audit. */
export interface ConsoleClosed {
  reason: string;
  code: number;
  durationMs: number;
  bytesIn: number;
  bytesOut: number;
}

/** One WebSocket and the terminal behind it. */
export class ConsoleConnection implements ConsoleListener {
  /** Settles when it is over. */
  readonly closed: Promise<ConsoleClosed>;
  private readonly session: ConsoleSession;
  private readonly startedAt = Date.now();
  private readonly rate = new InputRate(Date.now());
  private readonly timers: { warn?: NodeJS.Timeout; idle?: NodeJS.Timeout; throttle?: NodeJS.Timeout } = {};
  private readonly ping: NodeJS.Timeout;
  private answered = true;
  private bytesIn = 0;
  private bytesOut = 0;
  private isFull = false;
  private waitingFor = '';
  private why: { code: number; reason: string } | null = null;

  constructor(
    private readonly socket: WebSocket,
    private readonly client: ConsoleClient,
    private readonly options: { serverId: string; size: ConsoleSize; idleMs: number },
  ) {
    socket.on('message', (data, isBinary) => this.message(data, isBinary));
    socket.on('pong', () => (this.answered = true));
    // ws closes it itself; a frame too large comes here.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve(this.over(code, reason.toString())));
    });
    this.ping = setInterval(() => this.beat(), PING_MS);
    this.session = client.open(options.serverId, options.size, this);
    this.restartIdle();
  }

  opened(size: ConsoleSize, again: string | null): void {
    this.waitingFor = '';
    if (again !== null) {
      this.say({ type: 'reopened', reason: again });
      this.print(again);
    }
    this.say({ type: 'opened', ...size });
  }

  /** Each reason once in a row. */
  waiting(reason: string): void {
    if (reason === this.waitingFor) return;
    this.waitingFor = reason;
    this.say({ type: 'waiting', reason });
    this.print(reason);
  }

  output(bytes: Buffer): void {
    const { link } = this.session;
    this.bytesOut += bytes.length;
    // Called when it has gone to the network, which a slow client holds up.
    this.socket.send(bytes, { binary: true }, () => this.session.consumed(link, bytes.length));
  }

  room(): void {
    this.isFull = false;
    this.flow();
  }

  ended(end: 'exited' | 'deleted', reason: string): void {
    if (end === 'deleted') this.refuse('deleted', reason);
    else this.close(NORMAL, reason);
  }

  refuse(close: ConsoleCloseReason, reason: string): void {
    this.close(consoleCloseCodes[close], reason);
  }

  /** This process ends; another takes the client with a new ticket. */
  goAway(): void {
    this.close(GOING_AWAY, 'this part of the API ends: open the console again');
  }

  private close(code: number, reason: string): void {
    if (this.why) return;
    this.why = { code, reason };
    this.print(reason);
    this.say({ type: 'closing', reason });
    this.socket.resume(); // to hear its goodbye
    this.socket.close(code, reason.slice(0, 120));
    setTimeout(() => this.socket.terminate(), CLOSE_MS).unref();
  }

  private over(code: number, reason: string): ConsoleClosed {
    clearInterval(this.ping);
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.client.close(this.session);
    const { bytesIn, bytesOut } = this;
    const said = this.why ?? { code, reason: reason || 'the client has closed it' };
    return { ...said, durationMs: Date.now() - this.startedAt, bytesIn, bytesOut };
  }

  private message(data: RawData, isBinary: boolean): void {
    if (this.why) return;
    const bytes = asBuffer(data);
    if (isBinary) this.type(bytes);
    else this.control(bytes.toString());
  }

  private type(bytes: Buffer): void {
    this.bytesIn += bytes.length;
    this.restartIdle();
    this.isFull = !this.session.input(bytes);
    const wait = this.rate.take(bytes.length, Date.now());
    if (wait > 0)
      this.timers.throttle ??= setTimeout(() => {
        this.timers.throttle = undefined;
        this.flow();
      }, wait);
    this.flow();
  }

  /** What is not read from the client fills its own buffers, not ours. */
  private flow(): void {
    if (this.isFull || this.timers.throttle) this.socket.pause();
    else this.socket.resume();
  }

  private control(text: string): void {
    const parsed = consoleClientMessageSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      this.refuse('invalid', 'a text frame was no message of berth.console.v1');
    } else if (parsed.data.type === 'ping') {
      this.say({ type: 'pong' });
    } else {
      const { columns, rows } = parsed.data;
      this.session.resize({ columns, rows });
    }
  }

  /** A client that is paused can't be heard: it is not asked. */
  private beat(): void {
    if (this.socket.isPaused) {
      this.answered = true;
      return;
    }
    if (!this.answered) {
      this.why ??= { code: 1006, reason: 'the client does not answer any more' };
      this.socket.terminate();
      return;
    }
    this.answered = false;
    this.socket.ping();
  }

  private restartIdle(): void {
    const { idleMs } = this.options;
    const warnMs = Math.min(WARN_MS, idleMs / 2);
    clearTimeout(this.timers.warn);
    clearTimeout(this.timers.idle);
    const seconds = Math.round(warnMs / 1000);
    this.timers.warn = setTimeout(
      () => this.print(`this console closes in ${seconds} s, unless something is typed`),
      idleMs - warnMs,
    );
    this.timers.idle = setTimeout(
      () => this.refuse('idle', `nothing was typed for ${Math.round(idleMs / 1000)} s`),
      idleMs,
    );
  }

  /** A line of our own in the terminal. */
  private print(text: string): void {
    if (this.socket.readyState === WebSocket.OPEN)
      this.socket.send(Buffer.from(`\r\n\x1b[0m[berth: ${text}]\r\n`), { binary: true });
  }

  private say(message: ConsoleServerMessage): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}

function asBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
