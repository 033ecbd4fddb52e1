import { BerthError } from '@berth/domain';
import type { ServerEntity } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestContext } from '../http/request-context';
import { findServer } from '../servers/server-lookup';
import { ConsolePlaces } from './console-places';
import { ConsoleTickets } from './console-tickets';

/** What of consoles goes by HTTP: tickets, and refusals. */
@Injectable()
export class ConsolesService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(ConsoleTickets) private readonly tickets: ConsoleTickets,
    @Inject(ConsolePlaces) private readonly places: ConsolePlaces,
  ) {}

  async issue({ caller, requestId, sessionId }: RequestContext, reference: string) {
    const server = await findServer(this.dataSource.manager, caller, reference);
    assertRunning(server);
    const { id: serverId, tenantId } = server;
    const { tokenId, role } = caller;
    const grant = { serverId, tenantId, tokenId, sessionId: sessionId ?? null, role, requestId };
    await this.places.take(grant);
    const { ticket, expiresAt } = await this.tickets.issue(grant);
    return {
      ticket,
      expires_at: expiresAt.toISOString(),
      websocket_path: `/v1/servers/${serverId}/console?ticket=${ticket}`,
    };
  }

  async refusePlain({ caller }: RequestContext, reference: string): Promise<never> {
    await findServer(this.dataSource.manager, caller, reference);
    throw new BerthError(
      'upgrade_required',
      'this is a WebSocket: ask for a ticket at POST /v1/servers/:id/console_tickets and open its websocket_path',
    );
  }
}

/** Throws `conflict`. */
export function assertRunning({ status }: Pick<ServerEntity, 'status'>): void {
  if (status === 'running') return;
  throw new BerthError('conflict', `a server that is ${status} has no console`, { status });
}
