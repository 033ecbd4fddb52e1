import { answerOf, api } from '../../api/client';
import { ApiError, messageOf } from '../../api/errors';

/** Of the API's contract: binary frames are the terminal's bytes, text frames are JSON. */
const PROTOCOL = 'berth.console.v1';
/** A paste goes in pieces: the API takes a frame of no more than a megabyte. */
const FRAME_BYTES = 64 * 1024;
/** The API process has ended; another takes the console over. */
const GOING_AWAY = 1001;
/** The connection broke, and nobody said why. */
const BROKEN = 1006;
const RETRIES = 8;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5000;

export interface ConsoleSize {
  columns: number;
  rows: number;
}

export type ConsoleState =
  | { name: 'connecting' }
  | { name: 'open' }
  /** Nothing can be typed until the server is there again. */
  | { name: 'waiting'; reason: string }
  | { name: 'closed'; reason: string };

interface Listener {
  onState(state: ConsoleState): void;
  onBytes(bytes: Uint8Array): void;
}

type Message =
  { type: 'opened' } | { type: 'waiting' | 'reopened' | 'closing'; reason: string } | { type: 'pong' };

/**
 * A terminal in a server: asks for a ticket, opens the WebSocket with it, and does both again where the connection broke
 * or the API process ended. What the server ends (its shell, idle, revoked …) stays ended until somebody asks for more.
 */
export class ConsoleConnection {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private stopped = false;
  private goodbye = '';
  private readonly encoder = new TextEncoder();

  constructor(
    private readonly serverId: string,
    private size: ConsoleSize,
    private readonly listener: Listener,
  ) {}

  start(): void {
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.close(1000);
  }

  type(text: string): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const bytes = this.encoder.encode(text);
    for (let from = 0; from < bytes.length; from += FRAME_BYTES) {
      this.socket.send(bytes.subarray(from, from + FRAME_BYTES));
    }
  }

  resize(size: ConsoleSize): void {
    this.size = size;
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type: 'resize', ...size }));
    }
  }

  private async connect(): Promise<void> {
    this.listener.onState({ name: 'connecting' });
    this.goodbye = '';
    try {
      const ticket = await answerOf(
        api.POST('/v1/servers/{id}/console_tickets', { params: { path: { id: this.serverId } }, body: {} }),
      );
      if (!this.stopped) this.open(ticket.websocket_path);
    } catch (error) {
      if (this.stopped) return;
      // An API that is away comes back; what it refuses, it refuses again.
      if (error instanceof ApiError && error.code !== 'offline') this.closed(messageOf(error));
      else this.again('The API can’t be reached.');
    }
  }

  private open(path: string): void {
    const { columns, rows } = this.size;
    const origin = window.location.origin.replace(/^http/, 'ws');
    const socket = new WebSocket(`${origin}${path}&columns=${columns}&rows=${rows}`, PROTOCOL);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
      typeof data === 'string'
        ? this.heard(JSON.parse(data) as Message)
        : this.listener.onBytes(new Uint8Array(data));
    socket.onclose = ({ code, reason }) => this.ended(code, reason);
    this.socket = socket;
  }

  private heard(message: Message): void {
    if (message.type === 'opened') {
      this.failures = 0;
      this.listener.onState({ name: 'open' });
    }
    if (message.type === 'waiting') this.listener.onState({ name: 'waiting', reason: message.reason });
    if (message.type === 'closing') this.goodbye = message.reason;
  }

  private ended(code: number, reason: string): void {
    this.socket = null;
    if (this.stopped) return;
    const why = this.goodbye || reason;
    if (code === GOING_AWAY || code === BROKEN) this.again(why || 'The connection broke.');
    else this.closed(why || 'The console has ended.');
  }

  private again(reason: string): void {
    this.failures += 1;
    if (this.failures > RETRIES) return this.closed(reason);
    this.listener.onState({ name: 'connecting' });
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.failures - 1));
    this.timer = setTimeout(() => void this.connect(), wait);
  }

  private closed(reason: string): void {
    this.listener.onState({ name: 'closed', reason });
  }
}
