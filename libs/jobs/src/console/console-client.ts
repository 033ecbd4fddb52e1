import { randomUUID } from 'node:crypto';
import {
  consoleToApiSchema,
  type ConsoleSize,
  type ConsoleToApi,
  type ConsoleToWorker,
} from '@berth/contracts';
import type { Redis } from 'ioredis';
import { STREAM_TTL_S } from '../exec/exec-streams';
import { ConsoleSession, type ConsoleListener, type ConsoleTransport } from './console-session';
import {
  consoleRequestsKey,
  consoleStreamKey,
  ConsoleStreamReader,
  HEARTBEAT_MS,
  sendMessage,
} from './console-streams';

const MAX_REQUESTS = 10_000;

/** Opens consoles by workers, over Redis streams. One reader serves all of the process. */
export class ConsoleClient {
  private readonly sessions = new Set<ConsoleSession>();
  private readonly stream: ConsoleStreamReader;
  private readonly transport: ConsoleTransport;
  private heartbeat: NodeJS.Timeout | undefined;

  /** `reader` blocks, so it is this client's alone; `redis` may be shared. */
  constructor(
    private readonly redis: Redis,
    reader: Redis,
    prefix: string,
    private readonly onError: (error: Error) => void,
  ) {
    const key = consoleStreamKey(prefix, randomUUID());
    this.stream = new ConsoleStreamReader({
      redis,
      reader,
      key,
      onError,
      onEntry: (message, bytes) => this.take(consoleToApiSchema.parse(message), bytes),
    });
    const requests = consoleRequestsKey(prefix);
    this.transport = {
      replyTo: key,
      request: async (request) => {
        await redis
          .multi()
          .xadd(requests, 'MAXLEN', '~', MAX_REQUESTS, '*', 'request', JSON.stringify(request))
          .expire(requests, STREAM_TTL_S)
          .exec();
      },
      send: (worker, message, bytes) => sendMessage(redis, worker, message, bytes),
      onError,
    };
  }

  start(): void {
    this.stream.start();
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
  }

  /** Shells of consoles that are still open end when their workers hear no more of us. */
  async stop(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.stream.stop();
  }

  /** Calls the listener until the console has ended, or `close` of the session is called. */
  open(serverId: string, size: ConsoleSize, listener: ConsoleListener): ConsoleSession {
    const session = new ConsoleSession(serverId, size, listener, this.transport);
    this.sessions.add(session);
    return session;
  }

  close(session: ConsoleSession): void {
    if (this.sessions.delete(session)) session.close();
  }

  private take(message: ConsoleToApi, bytes: Buffer): void {
    if (message.type === 'alive') {
      const links = new Set(message.links);
      for (const session of this.sessions) if (links.has(session.link)) session.heard();
      return;
    }
    const session = this.of(message.link);
    if (session) return session.take(message, bytes);
    // Taken too late, or given up meanwhile.
    if (message.type === 'taken') this.send(message.worker, { type: 'close', link: message.link });
  }

  private of(link: string): ConsoleSession | undefined {
    for (const session of this.sessions) if (session.link === link) return session;
    return undefined;
  }

  private beat(): void {
    const byWorker = new Map<string, string[]>();
    for (const session of this.sessions) {
      session.look();
      if (session.worker)
        byWorker.set(session.worker, [...(byWorker.get(session.worker) ?? []), session.link]);
    }
    for (const [worker, links] of byWorker)
      this.send(worker, { type: 'alive', from: this.transport.replyTo, links });
  }

  private send(worker: string, message: ConsoleToWorker): void {
    sendMessage(this.redis, worker, message).catch(this.onError);
  }
}
