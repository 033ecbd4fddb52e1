import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiConfig } from '@berth/config';
import {
  CONSOLE_MAX_FRAME_BYTES,
  CONSOLE_PROTOCOL,
  type ConsoleSize,
  consoleSizeSchema,
} from '@berth/contracts';
import { recordAudit, ServerEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { ConsoleClient } from '@berth/jobs';
import { counter, scrapedGauge } from '@berth/observability';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DataSource, IsNull } from 'typeorm';
import { WebSocketServer } from 'ws';
import { InjectConfig } from '../api-config';
import { SessionLookupService } from '../auth/session-lookup.service';
import { MetricsService } from '../metrics/metrics.service';
import { ConsoleConnection, type ConsoleClosed } from './console-connection';
import { isOwnOrigin } from './console-origin';
import { ConsolePlaces } from './console-places';
import { type ConsoleGrant, ConsoleTickets } from './console-tickets';
import { checkGrants } from './console-watch';
import { assertRunning } from './consoles.service';
import { refuseUpgrade } from './upgrade-refusal';

const PATH = /^\/v1\/servers\/([^/]+)\/console$/;
/** How soon a sign-out, a revoked token, a deleted or suspended server ends its consoles. */
const WATCH_MS = 2000;
/** Given to clients, at the end of the process. */
const GO_AWAY_MS = 3000;

interface Open {
  id: string;
  grant: ConsoleGrant;
  connection: ConsoleConnection;
  /** Settles when its end is in the audit. */
  over: Promise<void>;
}

/** Takes upgrades on the API's own port, and keeps the consoles that are open. */
@Injectable()
export class ConsolesGateway implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Consoles');
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: CONSOLE_MAX_FRAME_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(CONSOLE_PROTOCOL) ? CONSOLE_PROTOCOL : false),
  });
  private readonly open = new Set<Open>();
  private readonly bytes;
  private watching: NodeJS.Timeout | undefined;
  private ending = false;

  constructor(
    @Inject(HttpAdapterHost) private readonly adapter: HttpAdapterHost,
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(ConsoleClient) private readonly client: ConsoleClient,
    @Inject(ConsoleTickets) private readonly tickets: ConsoleTickets,
    @Inject(ConsolePlaces) private readonly places: ConsolePlaces,
    @Inject(SessionLookupService) private readonly sessions: SessionLookupService,
    @Inject(MetricsService) { registry }: MetricsService,
  ) {
    scrapedGauge(
      registry,
      { name: 'berth_consoles_open', help: 'Consoles that are open in this process' },
      async () => [{ value: this.open.size }],
    );
    this.bytes = counter(registry, {
      name: 'berth_console_bytes_total',
      help: 'Bytes of consoles that have ended',
      labelNames: ['direction'],
    });
  }

  onApplicationBootstrap(): void {
    const server = this.adapter.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      this.upgrade(request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error));
    });
    this.watching = setInterval(() => void this.watch(), WATCH_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ending = true;
    clearInterval(this.watching);
    const all = [...this.open];
    for (const { connection } of all) connection.goAway();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, GO_AWAY_MS)));
    await Promise.race([Promise.all(all.map(({ over }) => over)), late]);
    clearTimeout(timer);
  }

  /** Throws what the client is refused for. */
  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '', 'http://api');
    const reference = PATH.exec(url.pathname)?.[1];
    if (!reference) throw new BerthError('not_found', 'there is no such route');
    if (this.ending) throw new BerthError('unavailable', 'this part of the API ends; try again');
    if (!isOwnOrigin(request.headers, this.config.publicUrl))
      throw new BerthError('forbidden', 'pages of another origin may not open consoles');
    assertProtocol(request);
    const size = sizeOf(url.searchParams);
    const grant = await this.tickets.take(url.searchParams.get('ticket') ?? '');
    await this.assertGranted(grant, decodeURIComponent(reference));
    const id = randomUUID();
    await this.places.take(grant, id);
    if (socket.destroyed || this.ending) {
      await this.places.free(grant, id);
      throw new BerthError('unavailable', 'the client has gone, or this part of the API ends');
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { serverId } = grant;
      const options = { serverId, size, idleMs: this.config.consoleIdleMs };
      this.keep(id, grant, new ConsoleConnection(webSocket, this.client, options));
    });
  }

  private async assertGranted(grant: ConsoleGrant, reference: string): Promise<void> {
    const server = await this.dataSource.manager.findOneBy(ServerEntity, {
      id: grant.serverId,
      deletedAt: IsNull(),
    });
    if (!server || (reference !== server.id && reference !== server.name))
      throw new BerthError('not_found', `the ticket is not for a server ${reference}`);
    assertRunning(server);
    const [refusal] = await checkGrants(this.dataSource, [grant]);
    if (refusal) throw new BerthError('forbidden', refusal.reason);
  }

  private keep(id: string, grant: ConsoleGrant, connection: ConsoleConnection): void {
    const opened = this.audit(grant, 'server.console_opened', {});
    const over = connection.closed.then(async (end) => {
      this.open.delete(one);
      await opened;
      await this.end(id, grant, end);
    });
    const one: Open = { id, grant, connection, over };
    this.open.add(one);
  }

  private async end(id: string, grant: ConsoleGrant, end: ConsoleClosed): Promise<void> {
    const { reason, code, durationMs, bytesIn, bytesOut } = end;
    this.bytes.inc({ direction: 'in' }, bytesIn);
    this.bytes.inc({ direction: 'out' }, bytesOut);
    await this.audit(grant, 'server.console_closed', {
      reason,
      code,
      duration_s: Math.round(durationMs / 100) / 10,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
    });
    await this.places.free(grant, id).catch(() => undefined); // It runs out by itself.
  }

  /** Never the content. A console is no transaction: what can't be written is logged. */
  private async audit(grant: ConsoleGrant, action: string, details: Record<string, unknown>): Promise<void> {
    const { tokenId, role, tenantId, serverId, requestId } = grant;
    await recordAudit(this.dataSource.manager, {
      actor: tokenId,
      role,
      tenantId,
      action,
      targetType: 'server',
      targetId: serverId,
      requestId,
      details,
    }).catch((error: unknown) =>
      this.logger.error({ err: error, action, serverId, requestId, ...details }, 'not in the audit'),
    );
  }

  /** Ends what may be no more, and renews the places of the rest. While Postgres is away, nothing is known. */
  private async watch(): Promise<void> {
    const all = [...this.open];
    try {
      const refusals = await checkGrants(
        this.dataSource,
        all.map(({ grant }) => grant),
      );
      refusals.forEach((refusal, n) => {
        if (refusal) all[n]!.connection.refuse(refusal.close, refusal.reason);
      });
      // Whoever types here may ask for nothing else all day: consoles that are left alone end by themselves.
      await this.sessions.keepUsed([...new Set(all.flatMap(({ grant }) => grant.sessionId ?? []))]);
      await Promise.all(all.map(({ id, grant }) => this.places.renew(grant, id)));
    } catch (error) {
      this.logger.warn({ err: error }, 'open consoles could not be looked at; trying again');
    }
  }
}

function assertProtocol({ headers }: IncomingMessage): void {
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined || offered.split(',').some((one) => one.trim() === CONSOLE_PROTOCOL)) return;
  throw new BerthError('invalid_input', `the subprotocol is ${CONSOLE_PROTOCOL}`, { fields: [] });
}

function sizeOf(query: URLSearchParams): ConsoleSize {
  const columns = Number(query.get('columns') ?? 80);
  const rows = Number(query.get('rows') ?? 24);
  const parsed = consoleSizeSchema.safeParse({ columns, rows });
  if (parsed.success) return parsed.data;
  throw new BerthError('invalid_input', 'columns and rows must be whole numbers from 1 to 1000', {
    fields: parsed.error.issues.map(({ path, message }) => ({ name: path.join('.'), messages: [message] })),
  });
}
