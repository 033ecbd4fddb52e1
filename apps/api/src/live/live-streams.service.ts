import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { liveResourceSchema } from '@berth/contracts';
import { OperationEvents } from '@berth/jobs';
import { BerthError } from '@berth/domain';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { SessionLookupService } from '../auth/session-lookup.service';
import { TokenLookupService } from '../auth/token-lookup.service';
import type { Caller, RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { Audience } from './audience';
import { ChangeReader } from './change-reader';
import { LiveTeller } from './live-teller';
import { liveMessage } from './live-views';
import { PendingChanges } from './pending-changes';

/** Ms from one telling to the next: an operation is told at most once in it. */
const TELL_EVERY_MS = 300;
/** Changes that come together are told together, ms. */
const GATHER_MS = 10;
const BEAT_MS = 5000;
/** How long a revoked token, or a session that was ended, is still told, ms. */
const CHECK_TOKENS_MS = 2000;
/** Of one token. */
const MAX_STREAMS = 100;
/** What a client may leave unread; beyond, it is let go, and fetches anew when it comes back. */
const MAX_UNREAD_BYTES = 1024 * 1024;

const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

interface Stream {
  caller: Caller;
  sessionId: string | null;
  audience: Audience;
  response: Response;
}

/** Tells clients what changes, each as much as it may see, over one connection each: docs/architecture/live.md. */
@Injectable()
export class LiveStreamsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(LiveStreamsService.name);
  private readonly streams = new Set<Stream>();
  private readonly audiences = new Map<string, Audience>();
  private readonly pending = new PendingChanges();
  private readonly reader: ChangeReader;
  private readonly teller: LiveTeller;
  private starting: Promise<void> | null = null;
  private intervals: NodeJS.Timeout[] = [];
  private telling: NodeJS.Timeout | 'now' | null = null;
  private toldAt = -Infinity;

  constructor(
    @Inject(DataSource) dataSource: DataSource,
    @Inject(OperationEvents) events: OperationEvents,
    @Inject(TokenLookupService) private readonly tokens: TokenLookupService,
    @Inject(SessionLookupService) private readonly sessions: SessionLookupService,
  ) {
    this.teller = new LiveTeller(dataSource.manager);
    this.reader = new ChangeReader(dataSource, events, {
      pending: this.pending,
      onChange: () => this.tellSoon(),
      onLost: () => this.tellLost(),
      onError: (error) => this.logger.warn({ err: error }, 'what has changed can not be read; trying again'),
    });
  }

  /** Clients come back to another process by themselves, and fetch what they show anew. */
  beforeApplicationShutdown(): void {
    for (const stream of [...this.streams]) this.end(stream);
  }

  /** Begins a stream: whatever is committed after its `hello` is told. Throws `rate_limited`, and what Postgres throws. */
  async open({ caller, sessionId }: RequestContext, response: Response): Promise<void> {
    const own = [...this.streams].filter((stream) => stream.caller.tokenId === caller.tokenId);
    if (own.length >= MAX_STREAMS)
      throw new BerthError('rate_limited', `this token has ${MAX_STREAMS} streams open: close some`);
    const key = Audience.keyOf(caller);
    const audience = this.audiences.get(key) ?? new Audience(caller, performance.now());
    const stream: Stream = { caller, sessionId: sessionId ?? null, audience, response };
    this.audiences.set(key, audience);
    this.streams.add(stream);
    response.on('close', () => this.end(stream));
    try {
      await (this.starting ??= this.start());
    } catch (error) {
      this.end(stream);
      throw error;
    }
    if (!this.streams.has(stream)) return;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    response.write(`retry: 1000\n\n${liveMessage('hello', { version, now: isoTime(new Date()) })}`);
  }

  private async start(): Promise<void> {
    if (!(await this.reader.start())) return;
    this.intervals = [
      setInterval(() => this.beat(), BEAT_MS),
      setInterval(() => void this.checkTokens(), CHECK_TOKENS_MS),
    ];
  }

  private stop(): void {
    this.starting = null;
    this.reader.stop();
    for (const interval of this.intervals.splice(0)) clearInterval(interval);
    if (this.telling !== null && this.telling !== 'now') clearTimeout(this.telling);
    if (this.telling !== 'now') this.telling = null;
    this.pending.clear();
    this.teller.forget();
  }

  private end(stream: Stream): void {
    if (!this.streams.delete(stream)) return;
    if (stream.response.headersSent) stream.response.end();
    if (![...this.streams].some(({ audience }) => audience === stream.audience))
      this.audiences.delete(Audience.keyOf(stream.caller));
    if (this.streams.size === 0) this.stop();
  }

  private send(stream: Stream, text: string): void {
    const { response } = stream;
    if (!response.headersSent || response.writableEnded) return;
    if (response.writableLength > MAX_UNREAD_BYTES) return this.end(stream);
    response.write(text);
  }

  private tellSoon(): void {
    if (this.telling !== null || this.streams.size === 0) return;
    const dueAt = this.dueAt();
    if (dueAt === null) return;
    const delay = Math.max(GATHER_MS, dueAt - performance.now());
    this.telling = setTimeout(() => {
      this.telling = 'now';
      this.tell()
        .catch((error: unknown) => {
          // The reader has said so where Postgres is away.
          if (this.reader.age < TELL_EVERY_MS)
            this.logger.warn({ err: error }, 'changes could not be told; trying again');
        })
        .finally(() => {
          this.telling = null;
          this.tellSoon();
        });
    }, delay);
  }

  /** When there is something to tell; null where there is nothing. */
  private dueAt(): number | null {
    if (!this.pending.isEmpty) return this.toldAt + TELL_EVERY_MS;
    const owed = [...this.audiences.values()].map(({ dueAt }) => dueAt).filter((at) => at !== null);
    return owed.length > 0 ? Math.max(this.toldAt + TELL_EVERY_MS, Math.min(...owed)) : null;
  }

  private async tell(): Promise<void> {
    const now = performance.now();
    this.toldAt = now;
    const batch = this.pending.take();
    try {
      const texts = await this.teller.tell(batch, [...this.audiences.values()], now);
      for (const stream of this.streams) {
        const text = texts.get(stream.audience);
        if (text !== undefined) this.send(stream, text);
      }
    } catch (error) {
      this.pending.putBack(batch);
      throw error;
    }
  }

  /** Everything may have changed. */
  private tellLost(): void {
    for (const audience of this.audiences.values())
      for (const resource of liveResourceSchema.options) audience.overflow.add(resource);
  }

  /** Silent while Postgres can't be read: then clients show that they are stale. */
  private beat(): void {
    if (this.reader.age > BEAT_MS) return;
    for (const stream of this.streams) this.send(stream, liveMessage('beat', { now: isoTime(new Date()) }));
  }

  private async checkTokens(): Promise<void> {
    try {
      const asked = [...this.streams];
      const [tokens, sessions] = await Promise.all([
        this.tokens.stillValid(asked.map(({ caller }) => caller.tokenId)),
        this.sessions.stillValid(asked.flatMap(({ sessionId }) => sessionId ?? [])),
      ]);
      for (const stream of asked) {
        const { caller, sessionId } = stream;
        const isSignedIn = sessionId === null || sessions.has(sessionId);
        if (!tokens.has(caller.tokenId) || !isSignedIn) this.end(stream);
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'tokens of open streams could not be checked; trying again');
    }
  }
}
