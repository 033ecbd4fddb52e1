import { randomUUID } from 'node:crypto';
import { execReplySchema, type ExecReply, type ExecRequest } from '@berth/contracts';
import { BerthError } from '@berth/domain';
import type { Redis } from 'ioredis';
import { entriesOf, repliesKey, requestsKey, STREAM_TTL_S } from './exec-streams';

export interface ExecAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** More was printed than is kept. */
  truncated: boolean;
}

/** How long a worker may take to pick a request up, ms. */
const PICK_UP_MS = 5000;
/** Beyond the command's own limit, for the way there and back, ms. */
const GRACE_MS = 5000;
const BLOCK_MS = 5000;

interface Pending {
  onReply: (reply: ExecReply) => void;
}

/** Asks a worker to run a command in a server, over Redis streams. One reader serves all requests of the process. */
export class ExecClient {
  private readonly instance = randomUUID();
  private readonly pending = new Map<string, Pending>();
  private lastId = '0';
  private stopped = false;
  private reading: Promise<void> | null = null;

  /** `reader` blocks, so it is this client's alone; `redis` may be shared. */
  constructor(
    private readonly redis: Redis,
    private readonly reader: Redis,
    private readonly prefix: string,
    private readonly onError: (error: Error) => void,
  ) {}

  start(): void {
    this.reading = this.read();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.reader.disconnect();
    await this.reading;
  }

  /** Throws `unavailable` where no worker answers in time, else the worker's refusal (`conflict`, `unavailable` …). */
  async exec(serverId: string, command: readonly string[], timeoutMs: number): Promise<ExecAnswer> {
    const id = randomUUID();
    return new Promise<ExecAnswer>((resolve, reject) => {
      const out = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
      let timer = this.deadline(
        PICK_UP_MS,
        'no worker took the command up: is one running?',
        reject,
        id,
        timeoutMs,
      );
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.pending.delete(id);
        end();
      };
      const onReply = (reply: ExecReply) => {
        switch (reply.type) {
          case 'accepted':
            clearTimeout(timer);
            timer = this.deadline(
              timeoutMs + GRACE_MS,
              'the worker went away while the command ran',
              reject,
              id,
              timeoutMs,
            );
            return;
          case 'stdout':
          case 'stderr':
            out[reply.type].push(Buffer.from(reply.data, 'base64'));
            return;
          case 'exit':
            return settle(() =>
              resolve({
                exitCode: reply.exitCode,
                stdout: Buffer.concat(out.stdout).toString(),
                stderr: Buffer.concat(out.stderr).toString(),
                truncated: reply.truncated,
              }),
            );
          case 'error':
            return settle(() => reject(refusal(reply, timeoutMs)));
        }
      };
      this.pending.set(id, { onReply });
      this.send({
        id,
        replyTo: repliesKey(this.prefix, this.instance),
        serverId,
        command: [...command],
        timeoutMs,
        expiresAt: Date.now() + PICK_UP_MS,
      }).catch((error: unknown) =>
        settle(() =>
          reject(new BerthError('unavailable', 'the message queue can not be reached', {}, { cause: error })),
        ),
      );
    });
  }

  private deadline(
    ms: number,
    message: string,
    reject: (error: Error) => void,
    id: string,
    timeoutMs: number,
  ): NodeJS.Timeout {
    return setTimeout(() => {
      this.pending.delete(id);
      reject(new BerthError('unavailable', message, { timeout_s: timeoutMs / 1000 }));
    }, ms);
  }

  private async send(request: ExecRequest): Promise<void> {
    const key = requestsKey(this.prefix);
    await this.redis
      .multi()
      .xadd(key, 'MAXLEN', '~', 10_000, '*', 'request', JSON.stringify(request))
      .expire(key, STREAM_TTL_S)
      .exec();
  }

  private async read(): Promise<void> {
    const key = repliesKey(this.prefix, this.instance);
    while (!this.stopped) {
      try {
        for (const { id, value } of entriesOf(
          await this.reader.xread('COUNT', 500, 'BLOCK', BLOCK_MS, 'STREAMS', key, this.lastId),
        )) {
          this.lastId = id;
          const reply = execReplySchema.parse(JSON.parse(value));
          this.pending.get(reply.id)?.onReply(reply);
        }
        await this.redis.xtrim(key, 'MINID', this.lastId);
      } catch (error) {
        if (this.stopped) return;
        this.onError(error as Error);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}

/** A worker's refusal by its code; what the host did wrong is `unavailable` for the caller. */
function refusal(reply: Extract<ExecReply, { type: 'error' }>, timeoutMs: number): BerthError {
  const details = { reason: reply.code, timeout_s: timeoutMs / 1000 };
  if (reply.code === 'not_found') return new BerthError('not_found', reply.message);
  if (reply.code === 'not_running') return new BerthError('conflict', reply.message, { reason: reply.code });
  if (reply.code === 'unsupported')
    return new BerthError('unsupported', reply.message, { capability: 'exec' });
  return new BerthError('unavailable', reply.message, details);
}
