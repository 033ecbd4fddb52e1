import type { SuspendBody, TerminateBody, UnsuspendBody } from '@berth/contracts';
import {
  addSuspension,
  dropSuspensions,
  followSuspension,
  policyOf,
  type ServerEntity,
} from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Answer, audit, CommandsService } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { presentOperation } from '../operations/operation-presenter';
import { lockServer } from './server-lookup';
import type { ActionAnswer } from './server-operation';

const HOUR_MS = 3_600_000;

/** When something whose termination is asked for now is deleted. */
export const endOfGrace = ({ grace_hours: hours }: TerminateBody): Date =>
  new Date(Date.now() + hours * HOUR_MS);

/** What billing does to servers. Each may be asked for again: it is answered, and changes nothing. */
@Injectable()
export class ServerSuspensionsService {
  constructor(@Inject(CommandsService) private readonly commands: CommandsService) {}

  suspend(context: RequestContext, reference: string, body: SuspendBody): Promise<ActionAnswer> {
    return this.change(context, reference, 'server.suspend', body, (em, server) =>
      addSuspension(em, server, 'server', { reason: body.reason ?? null, policy: body.policy }),
    );
  }

  /** Takes a termination back as well, while it is not too late. Throws `conflict` while its tenant is suspended. */
  unsuspend(context: RequestContext, reference: string, body: UnsuspendBody): Promise<ActionAnswer> {
    return this.change(context, reference, 'server.unsuspend', body, async (em, server) => {
      if (server.suspension.tenant) {
        const message = `the tenant of ${server.name} is suspended: unsuspend the tenant`;
        throw new BerthError('conflict', message, { tenant_id: server.tenantId });
      }
      await dropSuspensions(em, server, ['server', 'termination']);
    });
  }

  /** Suspended at once, deleted when its grace is over. A second one doesn't move that, but for a shorter grace. */
  terminate(context: RequestContext, reference: string, body: TerminateBody): Promise<ActionAnswer> {
    return this.change(context, reference, 'server.terminate', body, (em, server) =>
      addTermination(em, server, endOfGrace(body), body),
    );
  }

  private change(
    context: RequestContext,
    reference: string,
    action: string,
    body: object,
    work: (em: EntityManager, server: ServerEntity) => Promise<void>,
  ): Promise<ActionAnswer> {
    return this.commands.run(context, async (em): Promise<Answer<ActionAnswer>> => {
      const server = await lockServer(em, context.caller, reference);
      const before = policyOf(server.suspension);
      await work(em, server);
      const operation = await followSuspension(em, server, before, requesterOf(context));
      await audit(em, context, {
        action,
        target: { type: 'server', id: server.id },
        tenantId: server.tenantId,
        details: { operation_id: operation.id, ...body },
      });
      return { body: { operation: await presentOperation(em, operation, context.caller) } };
    });
  }
}

export const requesterOf = ({ caller, requestId }: RequestContext) => ({
  requestedBy: caller.tokenId,
  requestId,
});

/** The earlier of two ends counts, and no last snapshot is taken twice. */
export function addTermination(
  em: EntityManager,
  server: ServerEntity,
  end: Date,
  { reason, final_snapshot: snapshot }: TerminateBody,
): Promise<void> {
  const known = server.terminateAt;
  return addSuspension(em, server, 'termination', {
    reason: reason ?? null,
    policy: 'stop',
    termination: known
      ? { at: known < end ? known : end, snapshot: server.finalSnapshot }
      : { at: end, snapshot },
  });
}
