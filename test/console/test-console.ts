import { eventually } from '@berth/testing';
import { WebSocket } from 'ws';
import type { BerthClient } from '../e2e/berth-client';

export interface ConsoleTicket {
  ticket: string;
  expires_at: string;
  websocket_path: string;
}

interface Message {
  type: string;
  reason?: string;
  columns?: number;
  rows?: number;
}

/** A frame's size in which these tests paste. */
const PASTE_BYTES = 16 * 1024;

// eslint-disable-next-line no-control-regex
const SPOKEN_TO_TERMINAL = /\x1b\[\?2004l\r|\x1b\[\?2004h|\x1b\[6n/g;

/** A console as a browser has it: knows nothing of the code behind it. */
export class TestConsole {
  readonly messages: Message[] = [];
  closed: { code: number; reason: string } | null = null;
  private readonly shown: Buffer[] = [];
  private raw = '';

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) return void this.messages.push(JSON.parse(data.toString()) as Message);
      this.shown.push(data);
      this.raw += data.toString('latin1');
    });
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
  }

  /** Asks for a ticket and connects; does not wait for the shell. */
  static async connect(client: BerthClient, serverId: string, query = ''): Promise<TestConsole> {
    const ticket = await client.ask<ConsoleTicket>('POST', `/v1/servers/${serverId}/console_tickets`);
    return TestConsole.to(client.origin + ticket.websocket_path + query);
  }

  /** Rejects with the refusal's body as message. */
  static to(url: string, headers: Record<string, string> = {}): Promise<TestConsole> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'berth.console.v1', { headers });
    const console = new TestConsole(socket);
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(console));
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)));
      });
    });
  }

  /** With a shell in it. */
  static async opened(client: BerthClient, serverId: string, query = ''): Promise<TestConsole> {
    const console = await TestConsole.connect(client, serverId, query);
    await console.hears('opened');
    await console.shows(/[#$] $/);
    return console;
  }

  /** All that was shown since `forget`, byte for byte. */
  get bytes(): Buffer {
    return Buffer.concat(this.shown);
  }

  /** As people see it: without what shells say to their terminals only (bracketed paste, where the cursor is). */
  private get text(): string {
    return this.raw.replace(SPOKEN_TO_TERMINAL, '');
  }

  forget(): void {
    this.shown.length = 0;
    this.raw = '';
    this.messages.length = 0;
  }

  type(text: string | Buffer): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += PASTE_BYTES)
      this.socket.send(bytes.subarray(at, at + PASTE_BYTES), { binary: true });
  }

  say(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Waits for it to show what matches (bytes as latin1), and gives that. */
  async shows(what: RegExp, timeoutMs = 30_000): Promise<string> {
    const found = await eventually(`${what} in the console`, () => what.exec(this.text), {
      timeoutMs,
      intervalMs: 5,
    }).catch((error: Error) => {
      throw new Error(
        `${error.message}; it shows ${JSON.stringify(this.text.slice(-500))}, said ${JSON.stringify(this.messages)}, closed ${JSON.stringify(this.closed)}`,
      );
    });
    return found[0];
  }

  /** Runs a line, and gives what matches after it. */
  async run(line: string, what: RegExp, timeoutMs?: number): Promise<string> {
    this.forget();
    this.type(`${line}\r`);
    return this.shows(what, timeoutMs);
  }

  async hears(type: string, timeoutMs = 60_000): Promise<Message> {
    return eventually(`message ${type}`, () => this.messages.find((one) => one.type === type), {
      timeoutMs,
      intervalMs: 5,
    }).catch((error: Error) => {
      throw new Error(
        `${error.message}; heard ${JSON.stringify(this.messages)}, shows ${JSON.stringify(this.text.slice(-500))}, closed ${JSON.stringify(this.closed)}`,
      );
    });
  }

  async closes(timeoutMs = 30_000): Promise<{ code: number; reason: string }> {
    return eventually('the close of the console', () => this.closed, { timeoutMs, intervalMs: 5 });
  }

  close(): void {
    this.socket.close();
  }
}
