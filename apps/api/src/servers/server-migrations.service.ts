import type { MigrateServerBody, MigrationTargetsView } from '@berth/contracts';
import { findMigrationTargets, HostEntity, reserveMigration, type ServerEntity } from '@berth/database';
import { assertTransition, BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, Not } from 'typeorm';
import { CommandsService } from '../commands/commands.service';
import { namedReference } from '../http/body-reference';
import type { RequestContext } from '../http/request-context';
import { invalidField } from '../http/validation.pipe';
import { presentNewOperation } from '../operations/operation-presenter';
import { findServer, lockServer } from './server-lookup';
import { type ActionAnswer, requestOperation } from './server-operation';

/** Targets in one answer. */
const MOST_TARGETS = 100;

/** Servers' ways from host to host. See docs/architecture/server-migration.md. */
@Injectable()
export class ServerMigrationsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  /**
   * The target's room is held from this answer on. Throws `invalid_input` (no such host, or one of another location or
   * driver), `no_capacity`, `unsupported`, `unavailable`, `conflict`, `locked`.
   */
  async migrate(context: RequestContext, reference: string, body: MigrateServerBody): Promise<ActionAnswer> {
    const named =
      body.host === undefined
        ? null
        : await namedReference(this.dataSource.manager, HostEntity, 'host', body.host, {
            state: Not('removed' as const),
          });
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      const wish = {
        mode: body.mode,
        fallback: body.fallback.filter((mode) => mode !== body.mode),
        bandwidth_bps: body.bandwidth_bps ?? null,
        host_id: named?.id ?? null,
      };
      const operation = await requestOperation(em, context, server, 'migrate_server', wish);
      if (named) {
        const source = await em.findOneByOrFail(HostEntity, { id: server.hostId });
        if (named.locationId !== source.locationId)
          throw invalidField('host', `${named.name} is in another location than the server`);
        if (named.driver !== source.driver)
          throw invalidField(
            'host',
            `${named.name} is driven by ${named.driver}, the server's host by ${source.driver}`,
          );
      }
      await reserveMigration(em, operation, server, wish);
      return { body: { operation: presentNewOperation(operation, context.caller) } };
    });
  }
  async targets({ caller }: RequestContext, reference: string): Promise<MigrationTargetsView> {
    const em = this.dataSource.manager;
    const server = await findServer(em, caller, reference);
    const { blocked, targets } = await findMigrationTargets(em, server);
    return {
      migration_targets: targets.slice(0, MOST_TARGETS).map(({ host, rank, reasons, freeAfter, modes }) => ({
        host: { id: host.id, name: host.name },
        rank,
        fits: rank !== null,
        reasons,
        free_after: freeAfter,
        modes,
      })),
      total: targets.length,
      blocked: blocked ?? whyNotNow(server),
    };
  }
}

function whyNotNow(server: ServerEntity): string | null {
  try {
    assertTransition('migrate_server', server);
    return null;
  } catch (error) {
    if (error instanceof BerthError) return error.message;
    throw error;
  }
}
