import type { Limits, LimitsView, OperationView, ResizeBody } from '@berth/contracts';
import { PlanEntity, refusalOf, reserveResize, type ServerEntity } from '@berth/database';
import {
  BerthError,
  capabilitiesOf,
  demandOf,
  limitsChange,
  mergeLimits,
  wholeLimits,
  type LimitsChange,
  type ResourceDemand,
} from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { CommandsService } from '../commands/commands.service';
import { namedReference } from '../http/body-reference';
import type { RequestContext } from '../http/request-context';
import { presentNewOperation } from '../operations/operation-presenter';
import { limitsView } from '../plans/limits-view';
import { assertHostCan } from './host-abilities';
import { lockServer } from './server-lookup';
import { requestOperation } from './server-operation';

/** `limits`: what the server will have. */
type ResizeAnswer = { operation: OperationView; limits: LimitsView };

/** Grows and shrinks servers on their host. See docs/architecture/resources.md. */
@Injectable()
export class ServerResizeService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  /**
   * What the server grows by is taken of quota and host at once, or the request is refused: `quota_exceeded`,
   * `no_capacity` (details.offer says what would help), `unsupported`. Customers resize by plan: else `forbidden`.
   */
  async resize(context: RequestContext, reference: string, body: ResizeBody): Promise<ResizeAnswer> {
    if (body.limits !== undefined && context.caller.role === 'customer') {
      throw new BerthError(
        'forbidden',
        'customers resize by plan; single limits are for billing and operators',
      );
    }
    const plan =
      body.plan === undefined
        ? null
        : await namedReference(this.dataSource.manager, PlanEntity, 'plan', body.plan, {
            deletedAt: IsNull(),
          });
    const wanted = plan ? wholeLimits(plan.limits) : body.limits!;
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      const change = limitsChange(server.limits, wanted);
      const operation = await requestOperation(em, context, server, 'resize_server', {
        ...change,
        plan_id: plan?.id ?? null,
      });
      await this.reserve(em, server, change);
      return {
        body: {
          operation: presentNewOperation(operation, context.caller),
          limits: limitsView(mergeLimits(server.limits, change.limits)),
        },
      };
    });
  }

  private async reserve(em: EntityManager, server: ServerEntity, { limits }: LimitsChange): Promise<void> {
    await assertHostCan(em, server, capabilitiesOf(limits));
    try {
      await reserveResize(em, server, limits);
    } catch (error) {
      throw asOffer(error, server, limits) ?? error;
    }
  }
}

/** The host is full, which another one need not be; null for any other error. */
function asOffer(error: unknown, server: ServerEntity, limits: Limits): BerthError | null {
  const refusal = refusalOf(error);
  if (refusal?.code !== 'no_capacity') return null;
  const resource = refusal.details.resource as keyof ResourceDemand;
  const now = { cpus: server.cpus, ram_bytes: server.ramBytes, disk_bytes: server.diskBytes };
  const requested = demandOf(mergeLimits(server.limits, limits))[resource] - now[resource];
  const message = `the server's host has no room for it to grow (${resource}); a migration to another host may help`;
  return new BerthError('no_capacity', message, { resource, requested, offer: 'migrate' }, { cause: error });
}
