import type { SuspendBody, TerminateBody, UnsuspendBody } from '@berth/contracts';
import {
  addSuspension,
  dropSuspensions,
  followSuspension,
  lockTenant,
  policyOf,
  ServerEntity,
  TenantEntity,
} from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, IsNull } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import { findByReference } from '../http/reference';
import type { RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { addTermination, endOfGrace, requesterOf } from '../servers/server-suspensions.service';
import { tenantView } from './tenant-view';

type Change = (em: EntityManager, server: ServerEntity) => Promise<void>;

/**
 * What billing does to a tenant with all its servers, in one transaction. Each may be asked for again: it is answered, and
 * changes nothing.
 */
@Injectable()
export class TenantSuspensionsService {
  constructor(@Inject(CommandsService) private readonly commands: CommandsService) {}

  suspend(context: RequestContext, reference: string, body: SuspendBody) {
    const reason = body.reason ?? null;
    return this.change(context, reference, 'tenant.suspend', body, async (em, tenant) => {
      if (tenant.status === 'terminated') {
        const message = `the tenant ${tenant.name} was terminated, and its servers are suspended: unsuspend takes that back`;
        throw new BerthError('conflict', message, { tenant_status: tenant.status });
      }
      await em.update(TenantEntity, { id: tenant.id }, { status: 'suspended', reason });
      return (inner, server) => addSuspension(inner, server, 'tenant', { reason, policy: body.policy });
    });
  }

  /** Servers that were suspended by themselves stay so. Throws `conflict` once a termination's grace is over. */
  unsuspend(context: RequestContext, reference: string, body: UnsuspendBody) {
    return this.change(context, reference, 'tenant.unsuspend', body, async (em, tenant) => {
      const { terminateAt } = tenant;
      if (terminateAt && +terminateAt <= Date.now()) {
        const message = `the tenant ${tenant.name} was terminated for good at ${isoTime(terminateAt)}: make another one`;
        throw new BerthError('conflict', message, { tenant_status: tenant.status });
      }
      const back = { status: 'active', reason: null, terminateAt: null } as const;
      await em.update(TenantEntity, { id: tenant.id }, back);
      return (inner, server) => {
        const withTenant = terminateAt && server.terminateAt && +server.terminateAt === +terminateAt;
        return dropSuspensions(inner, server, withTenant ? ['tenant', 'termination'] : ['tenant']);
      };
    });
  }

  /** No access from now on; its servers are stopped now and deleted when the grace is over. */
  terminate(context: RequestContext, reference: string, body: TerminateBody) {
    return this.change(context, reference, 'tenant.terminate', body, async (em, tenant) => {
      const asked = endOfGrace(body);
      const known = tenant.terminateAt;
      const end = known && known < asked ? known : asked;
      const gone = { status: 'terminated', reason: body.reason ?? tenant.reason, terminateAt: end } as const;
      await em.update(TenantEntity, { id: tenant.id }, gone);
      return (inner, server) => addTermination(inner, server, end, body);
    });
  }

  /** `prepare` changes the tenant, whose row is locked, and says what to do with each of its servers. */
  private change(
    context: RequestContext,
    reference: string,
    action: string,
    body: object,
    prepare: (em: EntityManager, tenant: TenantEntity) => Promise<Change>,
  ) {
    return this.commands.run(context, async (em) => {
      const { id } = await findByReference(em, TenantEntity, 'tenant', reference, {});
      const changeOf = await prepare(em, await lockTenant(em, id));
      const operations: string[] = [];
      for (const server of await this.lockServers(em, id)) {
        const before = policyOf(server.suspension);
        await changeOf(em, server);
        const operation = await followSuspension(em, server, before, requesterOf(context));
        if (operation.status !== 'succeeded') operations.push(operation.id);
      }
      await audit(em, context, {
        action,
        target: { type: 'tenant', id },
        tenantId: id,
        details: { ...body, operations: operations.length },
      });
      const tenant = tenantView(await em.findOneByOrFail(TenantEntity, { id }));
      return { body: { tenant, operations } };
    });
  }

  private lockServers(em: EntityManager, tenantId: string): Promise<ServerEntity[]> {
    return em.find(ServerEntity, {
      where: { tenantId, deletedAt: IsNull() },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }
}
