import { execRequestSchema, type ExecReply, type ExecRequest } from '@berth/contracts';
import type { Redis } from 'ioredis';
import { RequestStream } from '../request-stream';
import { CHUNK_BYTES, requestsKey, sendReply } from './exec-streams';

export interface ExecOutput {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
}

/** Runs the command. What it throws with a `code` is told to the asker by that code. */
export type ExecHandler = (
  request: ExecRequest,
  output: ExecOutput,
  signal: AbortSignal,
) => Promise<{ exitCode: number; truncated: boolean }>;

/** Takes exec requests from the stream and answers them. Each request goes to one worker, once: a command is never run twice. */
export class ExecServer {
  private readonly requests: RequestStream;
  private readonly abort = new AbortController();

  /** `reader` blocks, so it is this server's alone. `concurrency`: commands at a time. */
  constructor(
    private readonly options: {
      redis: Redis;
      reader: Redis;
      prefix: string;
      workerId: string;
      concurrency: number;
      handler: ExecHandler;
      onError: (error: Error) => void;
    },
  ) {
    const { prefix, ...rest } = options;
    this.requests = new RequestStream({
      ...rest,
      key: requestsKey(prefix),
      serve: (value) => this.answer(value),
    });
  }

  start(): void {
    this.requests.start();
  }

  /** Takes no new requests and waits for the running ones; `abortRunning` ends them. */
  async stop(): Promise<void> {
    await this.requests.stopTaking();
    await this.requests.served();
  }

  abortRunning(): void {
    this.abort.abort('shutdown');
  }

  private async answer(value: string): Promise<void> {
    const request = execRequestSchema.parse(JSON.parse(value));
    if (Date.now() > request.expiresAt) return;
    const { redis } = this.options;
    let last = sendReply(redis, request.replyTo, { type: 'accepted', id: request.id });
    const say = (reply: ExecReply) => {
      last = last.then(() => sendReply(redis, request.replyTo, reply));
      last.catch(() => undefined); // awaited below
    };
    const stream = (type: 'stdout' | 'stderr') => (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
        say({ type, id: request.id, data: chunk.subarray(at, at + CHUNK_BYTES).toString('base64') });
      }
    };
    try {
      const { exitCode, truncated } = await this.options.handler(
        request,
        { stdout: stream('stdout'), stderr: stream('stderr') },
        this.abort.signal,
      );
      say({ type: 'exit', id: request.id, exitCode, truncated });
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      say({
        type: 'error',
        id: request.id,
        code: typeof code === 'string' ? code : 'internal',
        message: (error as Error).message,
      });
    }
    await last;
  }
}
