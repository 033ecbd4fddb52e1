import { OperationEvents } from '@berth/jobs';
import { BerthError } from '@berth/domain';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import type { Caller } from '../http/request-context';
import { serverById } from '../servers/server-page';
import { presentOperationNow } from './operation-presenter';

/** Redis tells of changes at once; this finds those that it lost. */
const POLL_MS = 2000;
/** Proxies close what is silent for long. */
const HEARTBEAT_MS = 15_000;
const FINAL = ['succeeded', 'failed', 'cancelled'];

interface State {
  json: string;
  final: boolean;
  serverId: string | null;
  /** Of an operation that has ended: its server as JSON, if it has one. */
  server: string | null;
}

/** Sends an operation to a client after each change, until it ends, and then its server: server-sent events. */
@Injectable()
export class OperationStreamService implements BeforeApplicationShutdown {
  private readonly logger = new Logger(OperationStreamService.name);
  private readonly open = new Set<() => void>();
  private closing = false;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(OperationEvents) private readonly events: OperationEvents,
  ) {}

  /** Clients come back to another process by themselves, and get the whole state at once. */
  beforeApplicationShutdown(): void {
    this.closing = true;
    for (const end of this.open) end();
  }

  /** Resolves when the stream has begun. Throws `not_found`, nothing sent yet, where this caller may see no such operation. */
  async stream(operationId: string, caller: Caller, response: Response): Promise<void> {
    let [last, serverId]: [string, string | null] = ['', null];
    // The first look is under way already, and what is told meanwhile makes for another.
    let [busy, again] = [true, false];
    const show = (state: State) => {
      const { json, final, server } = state;
      serverId = state.serverId;
      if (json !== last && !response.writableEnded) response.write(`event: operation\ndata: ${json}\n\n`);
      last = json;
      if (!final) return;
      if (server && !response.writableEnded) response.write(`event: server\ndata: ${server}\n\n`);
      end();
    };
    const look = (ended = false) => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      this.state(operationId, caller, ended ? serverId : null)
        .then(show)
        .catch((error: unknown) => {
          this.logger.warn({ err: error }, 'an event stream ended early');
          end();
        })
        .finally(looked);
    };
    const looked = () => {
      busy = false;
      if (!again || !this.open.has(end)) return;
      again = false;
      look();
    };
    const timers: NodeJS.Timeout[] = [];
    const end = () => {
      if (!this.open.delete(end)) return;
      unwatch();
      timers.forEach(clearInterval);
      response.end();
    };
    const unwatch = this.events.watch(operationId, ({ ended }) => look(ended));
    const first = await this.state(operationId, caller, null).catch((error: unknown) => {
      unwatch();
      throw error;
    });
    this.open.add(end);
    response.on('close', end);
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    response.write('retry: 1000\n\n');
    timers.push(setInterval(() => look(), POLL_MS));
    timers.push(setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS));
    show(first);
    looked();
    if (this.closing || response.destroyed) end();
  }

  /** `endedServerId` is the server of an operation that has ended, as we heard: it is read beside the operation. */
  private async state(operationId: string, caller: Caller, endedServerId: string | null): Promise<State> {
    const early = endedServerId ? this.server(endedServerId, caller) : null;
    early?.catch(() => undefined); // thrown where it is awaited
    const operation = await presentOperationNow(this.dataSource, operationId, caller);
    const { server_id: serverId } = operation;
    const final = FINAL.includes(operation.status);
    const server = final && serverId ? await (early ?? this.server(serverId, caller)) : null;
    return { json: JSON.stringify(operation), final, serverId, server };
  }

  /** What came of it, so that a client need not ask: null where there is none any more. */
  private async server(id: string, caller: Caller): Promise<string | null> {
    try {
      return JSON.stringify(await serverById(this.dataSource.manager, caller, id));
    } catch (error) {
      if (error instanceof BerthError && error.code === 'not_found') return null;
      throw error;
    }
  }
}
