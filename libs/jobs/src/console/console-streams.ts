import type { Redis } from 'ioredis';
import { STREAM_TTL_S } from '../exec/exec-streams';

export const consoleRequestsKey = (prefix: string) => `${prefix}.console.requests`;
/** One for each process of the API and each worker; all its consoles share it. */
export const consoleStreamKey = (prefix: string, process: string) => `${prefix}.console.to.${process}`;

/** Bytes on their way in one direction of a link; who sends waits for acknowledgements then. */
export const WINDOW_BYTES = 256 * 1024;
/** Acknowledged at least this often. */
export const ACK_BYTES = WINDOW_BYTES / 4;
/** One entry's bytes at most, so that none blocks Redis, or another console's keystrokes, for long. */
const CHUNK_BYTES = 32 * 1024;
/** Both ends tell each other which links they have. */
export const HEARTBEAT_MS = 1000;
/** Of a heartbeat: then the other end is taken for dead. Long enough for a process that is only busy. */
export const SILENCE_MS = 8000;
/** For a worker to take a request; then it is asked for again. */
export const PICK_UP_MS = 3000;
/** Windows bound what is in a stream; this what a process that hangs is sent of heartbeats and the like. */
const MAX_ENTRIES = 100_000;
const BLOCK_MS = 5000;
const RETRY_MS = 200;
const READ_COUNT = 200;

export async function sendMessage(redis: Redis, key: string, message: object, bytes?: Buffer): Promise<void> {
  const fields: (string | Buffer)[] = ['message', JSON.stringify(message)];
  if (bytes) fields.push('bytes', bytes);
  await redis
    .multi()
    .xadd(key, 'MAXLEN', '~', MAX_ENTRIES, '*', ...fields)
    .expire(key, STREAM_TTL_S)
    .exec();
}

export function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** Reads a process's own stream: each entry once, in order. */
export class ConsoleStreamReader {
  private lastId = '0';
  private stopped = false;
  private loop: Promise<void> | null = null;

  /** `reader` blocks, so it is this reader's alone. What `onEntry` throws is told to `onError`, and the next entry follows. */
  constructor(
    private readonly options: {
      redis: Redis;
      reader: Redis;
      key: string;
      onEntry: (message: unknown, bytes: Buffer) => void;
      onError: (error: Error) => void;
    },
  ) {}

  start(): void {
    this.loop = this.read();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.options.reader.disconnect();
    await this.loop;
  }

  private async read(): Promise<void> {
    const { redis, reader, key, onError } = this.options;
    while (!this.stopped) {
      try {
        const answer = await reader.xreadBuffer(
          'COUNT',
          READ_COUNT,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          key,
          this.lastId,
        );
        for (const [id, fields] of answer?.[0]?.[1] ?? []) {
          this.lastId = id.toString();
          this.take(fields);
        }
        if (answer) await redis.xtrim(key, 'MINID', this.lastId);
      } catch (error) {
        if (this.stopped) return;
        onError(error as Error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private take(fields: Buffer[]): void {
    try {
      this.options.onEntry(JSON.parse(String(fields[1])), fields[3] ?? Buffer.alloc(0));
    } catch (error) {
      this.options.onError(error as Error);
    }
  }
}
