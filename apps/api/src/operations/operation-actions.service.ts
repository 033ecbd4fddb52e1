import type { OperationInput, OperationKind } from '@berth/contracts';
import {
  createOperation,
  HostEntity,
  OperationEntity,
  OperationStepEntity,
  requestCancel,
  reserveMigration,
  ServerEntity,
} from '@berth/database';
import { assertTransition, BerthError, isCancellable, planOf, type ServerOperationKind } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { findOperation } from './operation-lookup';
import { presentOperation } from './operation-presenter';

const ENDED = ['succeeded', 'failed', 'cancelled'];
/** They reserved something at their request, and gave it back when they failed: only a new request can reserve anew. */
const RESERVING: readonly OperationKind[] = ['resize_server', 'add_address', 'create_snapshot'];

/** Throws `conflict` where the engine would not heed a cancel any more. */
async function assertCancellable(em: EntityManager, operation: OperationEntity): Promise<void> {
  const refuse = (why: string) => new BerthError('conflict', why, { status: operation.status });
  if (ENDED.includes(operation.status)) throw refuse(`the operation has ${operation.status} already`);
  if (operation.cancelRequestedAt) return;
  if (operation.direction === 'undo') throw refuse('the operation has failed, and is being undone');
  const steps = await em.find(OperationStepEntity, {
    where: { operationId: operation.id },
    order: { position: 'ASC' },
  });
  const current = steps.find((step) => step.status !== 'succeeded');
  const untouched = current?.attempt === 0 && current.name === planOf(operation.kind).pointOfNoReturn;
  if (!untouched && !isCancellable(operation.kind, current?.name ?? null)) {
    throw refuse(`${operation.kind} can't be cancelled any more: it is at ${current?.name}`);
  }
}

@Injectable()
export class OperationActionsService {
  constructor(@Inject(CommandsService) private readonly commands: CommandsService) {}

  /** Asks the worker to stop and to take back what was done. Idempotent while it hasn't ended. */
  cancel(context: RequestContext, id: string) {
    return this.commands.run(context, async (em) => {
      await findOperation(em, context.caller, id);
      const operation = await em.findOneOrFail(OperationEntity, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      await assertCancellable(em, operation);
      await requestCancel(em, operation.id);
      await this.audit(em, context, 'operation.cancel', operation);
      return this.answer(em, context, operation.id);
    });
  }

  /** A failed operation once more, as a new one with the same input. */
  retry(context: RequestContext, id: string) {
    return this.commands.run(context, async (em) => {
      const failed = await findOperation(em, context.caller, id);
      if (failed.status !== 'failed') {
        throw new BerthError(
          'conflict',
          `only a failed operation can be retried; this one is ${failed.status}`,
          {
            status: failed.status,
          },
        );
      }
      if (RESERVING.includes(failed.kind)) {
        throw new BerthError(
          'conflict',
          `a failed ${failed.kind} gave back what it had reserved: ask for it anew`,
          { kind: failed.kind },
        );
      }
      const server = failed.serverId ? await this.readyServer(em, failed) : null;
      if (!server) await this.readyHost(em, failed);
      const fresh = await createOperation(em, {
        kind: failed.kind,
        serverId: failed.serverId,
        hostId: server?.hostId ?? failed.hostId,
        tenantId: failed.tenantId,
        requestedBy: context.caller.tokenId,
        requestId: context.requestId,
        input: failed.input,
      });
      // What it had held at its target went back when it failed: whatever has room now is its target.
      if (server && failed.kind === 'migrate_server') {
        await reserveMigration(em, fresh, server, failed.input as OperationInput<'migrate_server'>);
      }
      // The new one has the sealed secret now, and wipes it when it ends.
      await em.query(`UPDATE operations SET input = input - 'sealed_root_password' WHERE id = $1`, [
        failed.id,
      ]);
      await this.audit(em, context, 'operation.retry', failed, { new_operation_id: fresh.id });
      return this.answer(em, context, fresh.id);
    });
  }

  private async readyServer(em: EntityManager, failed: OperationEntity): Promise<ServerEntity> {
    const server = await em.findOneOrFail(ServerEntity, {
      where: { id: failed.serverId! },
      lock: { mode: 'pessimistic_write' },
    });
    assertTransition(failed.kind as ServerOperationKind, server);
    if (
      'sealed_root_password' in failed.input ||
      !failed.kind.match(/^(create_server|clone_server|reset_password|reinstall_server)$/)
    )
      return server;
    throw new BerthError('conflict', 'this operation was retried already', { server_id: server.id });
  }

  private async readyHost(em: EntityManager, failed: OperationEntity): Promise<void> {
    const host = await em.findOneOrFail(HostEntity, {
      where: { id: failed.hostId! },
      lock: { mode: 'pessimistic_write' },
    });
    if (host.state !== 'error') {
      throw new BerthError('conflict', `the host is ${host.state}: there is nothing to retry`, {
        status: host.state,
      });
    }
    await em.update(HostEntity, { id: host.id }, { state: 'enrolling', lastError: null });
  }

  private async answer(em: EntityManager, context: RequestContext, id: string) {
    const operation = await em.findOneByOrFail(OperationEntity, { id });
    return { body: { operation: await presentOperation(em, operation, context.caller) } };
  }

  private audit(
    em: EntityManager,
    context: RequestContext,
    action: string,
    operation: OperationEntity,
    details: Record<string, unknown> = {},
  ): Promise<void> {
    return audit(em, context, {
      action,
      target: { type: 'operation', id: operation.id },
      tenantId: operation.tenantId,
      details: { kind: operation.kind, ...details },
    });
  }
}
