import { execRequestSchema, type ExecReply, type ExecRequest } from '@berth/contracts';
import type { Redis } from 'ioredis';
import { CHUNK_BYTES, entriesOf, requestsKey, sendReply, WORKERS_GROUP } from './exec-streams';

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

const BLOCK_MS = 5000;

/** Takes exec requests from the stream and answers them. Each request goes to one worker, once: a command is never run twice. */
export class ExecServer {
  private stopped = false;
  private loop: Promise<void> | null = null;
  private readonly running = new Set<Promise<void>>();
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
  ) {}

  start(): void {
    this.loop = this.read();
  }

  /** Takes no new requests and waits for the running ones; `abortRunning` ends them. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.options.reader.disconnect();
    await this.loop;
    await Promise.all(this.running);
  }

  abortRunning(): void {
    this.abort.abort('shutdown');
  }

  private async read(): Promise<void> {
    const { reader, prefix, workerId, onError } = this.options;
    const key = requestsKey(prefix);
    while (!this.stopped) {
      try {
        const room = this.options.concurrency - this.running.size;
        if (room <= 0) {
          await Promise.race(this.running);
          continue;
        }
        const answer = await reader.xreadgroup(
          'GROUP',
          WORKERS_GROUP,
          workerId,
          'COUNT',
          room,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          key,
          '>',
        );
        for (const { id, value } of entriesOf(answer)) {
          // Taken is taken: a worker that dies with it leaves the asker to its time limit rather than running it twice.
          await this.options.redis.multi().xack(key, WORKERS_GROUP, id).xdel(key, id).exec();
          this.take(value);
        }
      } catch (error) {
        if (this.stopped) return;
        if (String(error).includes('NOGROUP')) {
          await this.makeGroup(key).catch(onError);
          continue;
        }
        onError(error as Error);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  /** From the stream's start: requests that came before the first worker (or after a wiped Redis) are still answered. */
  private async makeGroup(key: string): Promise<void> {
    await this.options.redis.xgroup('CREATE', key, WORKERS_GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!String(error).includes('BUSYGROUP')) throw error;
    });
  }

  private take(value: string): void {
    const work = this.answer(value).catch((error: unknown) => this.options.onError(error as Error));
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
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
