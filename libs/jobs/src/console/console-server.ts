import {
  consoleRequestSchema,
  consoleToWorkerSchema,
  type ConsoleToApi,
  type ConsoleToWorker,
} from '@berth/contracts';
import type { Redis } from 'ioredis';
import { RequestStream } from '../request-stream';
import { ConsoleLink } from './console-link';
import {
  consoleRequestsKey,
  consoleStreamKey,
  ConsoleStreamReader,
  HEARTBEAT_MS,
  sendMessage,
} from './console-streams';

export interface ConsoleOutcome {
  end: 'exited' | 'deleted';
  reason: string;
}

/** Serves a link until it ends; null where the link's signal did. What it throws has the API ask another worker. */
export type ConsoleHandler = (link: ConsoleLink) => Promise<ConsoleOutcome | null>;

/** Takes consoles from the stream of requests, each by one worker, and serves them by `handler`. */
export class ConsoleServer {
  private readonly links = new Map<string, ConsoleLink>();
  private readonly requests: RequestStream;
  private readonly key: string;
  private readonly stream: ConsoleStreamReader;
  private stopped = false;
  private heartbeat: NodeJS.Timeout | undefined;

  /** `requests` and `reader` block, so they are this server's alone. `concurrency`: consoles at a time. */
  constructor(
    private readonly options: {
      redis: Redis;
      requests: Redis;
      reader: Redis;
      prefix: string;
      workerId: string;
      concurrency: number;
      handler: ConsoleHandler;
      onError: (error: Error) => void;
    },
  ) {
    const { redis, requests, reader, prefix, workerId, concurrency, onError } = options;
    this.requests = new RequestStream({
      redis,
      reader: requests,
      key: consoleRequestsKey(prefix),
      workerId,
      concurrency,
      serve: (value) => this.serve(value),
      onError,
    });
    this.key = consoleStreamKey(prefix, workerId);
    this.stream = new ConsoleStreamReader({
      redis,
      reader,
      key: this.key,
      onError,
      onEntry: (message, bytes) => this.take(consoleToWorkerSchema.parse(message), bytes),
    });
  }

  get open(): number {
    return this.links.size;
  }

  start(): void {
    this.stream.start();
    this.requests.start();
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
  }

  /** Ends all consoles: their shells end, and the API asks another worker for new ones. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.requests.stopTaking();
    for (const link of this.links.values()) link.end();
    await this.requests.served();
    clearInterval(this.heartbeat);
    await this.stream.stop();
  }

  private async serve(value: string): Promise<void> {
    const { redis, handler, onError } = this.options;
    const request = consoleRequestSchema.parse(JSON.parse(value));
    if (Date.now() > request.expiresAt) return;
    const send = (message: ConsoleToApi, bytes?: Buffer) =>
      sendMessage(redis, request.replyTo, message, bytes);
    const link = new ConsoleLink(request, send, onError);
    this.links.set(link.id, link);
    try {
      if (this.stopped) link.end();
      await send({ type: 'taken', link: link.id, worker: this.key });
      const outcome = await handler(link);
      if (outcome) await send({ type: 'ended', link: link.id, ...outcome });
      else await this.release(link, 'the worker ends');
    } catch (error) {
      onError(error as Error);
      await this.release(link, (error as Error).message);
    } finally {
      link.end();
      this.links.delete(link.id);
    }
  }

  private release(link: ConsoleLink, reason: string): Promise<void> {
    const { redis } = this.options;
    return sendMessage(redis, link.request.replyTo, {
      type: 'ended',
      link: link.id,
      end: 'released',
      reason,
    } satisfies ConsoleToApi);
  }

  private take(message: ConsoleToWorker, bytes: Buffer): void {
    if (message.type === 'alive') {
      for (const id of message.links) this.links.get(id)?.heard();
      return;
    }
    const link = this.links.get(message.link);
    if (!link) return;
    try {
      if (message.type === 'input') link.input(message.offset, bytes);
      else if (message.type === 'ack') link.acknowledged(message.bytes);
      else if (message.type === 'resize') link.resize({ columns: message.columns, rows: message.rows });
      else link.end();
    } catch (error) {
      link.end();
      throw error;
    }
  }

  /** Says which links there are, and ends those that no API asks for any more: its process is dead. */
  private beat(): void {
    const byApi = new Map<string, string[]>();
    for (const link of this.links.values()) {
      if (link.isForgotten) link.end();
      const { replyTo } = link.request;
      byApi.set(replyTo, [...(byApi.get(replyTo) ?? []), link.id]);
    }
    for (const [replyTo, links] of byApi) {
      const alive: ConsoleToApi = { type: 'alive', from: this.key, links };
      sendMessage(this.options.redis, replyTo, alive).catch(this.options.onError);
    }
  }
}
