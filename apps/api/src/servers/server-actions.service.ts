import type { ApiConfig } from '@berth/config';
import type { Capability, OperationInput } from '@berth/contracts';
import {
  createOperation,
  createOperationInLine,
  recordInstantOperation,
  seal,
  ServerEntity,
} from '@berth/database';
import { BerthError, type ServerOperationKind } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { InjectConfig } from '../api-config';
import { type Answer, CommandsService } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { presentNewOperation, presentOperation } from '../operations/operation-presenter';
import { assertHostCan } from './host-abilities';
import { newRootPassword } from './root-password';
import { lockServer } from './server-lookup';
import { type ActionAnswer, type MakeOperation, requestOperation } from './server-operation';

/** What can be done to a server. Each is an operation; one at a time, but for delete, which waits in line. */
@Injectable()
export class ServerActionsService {
  constructor(
    @Inject(CommandsService) private readonly commands: CommandsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  start(context: RequestContext, reference: string) {
    return this.act(context, reference, 'start_server', {});
  }

  stop(context: RequestContext, reference: string, timeoutS: number) {
    return this.act(context, reference, 'stop_server', { timeout_s: timeoutS });
  }

  restart(context: RequestContext, reference: string, timeoutS: number) {
    return this.act(context, reference, 'restart_server', { timeout_s: timeoutS });
  }

  kill(context: RequestContext, reference: string) {
    return this.act(context, reference, 'kill_server', {});
  }

  /** Its processes stand still where they are, in memory. */
  freeze(context: RequestContext, reference: string) {
    return this.actOn(context, reference, 'freeze_server', 'freeze');
  }

  unfreeze(context: RequestContext, reference: string) {
    return this.act(context, reference, 'unfreeze_server', {});
  }

  /** As freeze, to the host's disk: its memory is free for others. */
  checkpoint(context: RequestContext, reference: string) {
    return this.actOn(context, reference, 'checkpoint_server', 'checkpoint');
  }

  restore(context: RequestContext, reference: string) {
    return this.act(context, reference, 'restore_server', {});
  }

  /** The hostname inside; the server's name stays. */
  setHostname(context: RequestContext, reference: string, hostname: string) {
    return this.act(context, reference, 'set_hostname', { hostname });
  }

  /** A password that was made up is answered, once. */
  async resetPassword(context: RequestContext, reference: string, given: string | undefined) {
    const password = given ?? newRootPassword();
    const sealed = await seal(this.config.workerPublicKey, password);
    return this.commands.run<ActionAnswer & { root_password?: string }>(context, async (em) => {
      const input = { sealed_root_password: sealed };
      const answer = await this.operate(em, context, reference, 'reset_password', input, createOperation);
      return { ...answer, ...(given === undefined && { once: { root_password: password } }) };
    });
  }

  /** At once: no host is concerned. Works while another operation runs. */
  changeProtection(context: RequestContext, reference: string, protect: boolean) {
    return this.commands.run(context, (em) =>
      this.operate(em, context, reference, 'change_protection', { delete: protect }, async (inner, fresh) => {
        await inner.update(ServerEntity, { id: fresh.serverId }, { protectionDelete: protect });
        return recordInstantOperation(inner, fresh);
      }),
    );
  }

  /**
   * Cancels what runs where that is still possible, else waits behind it. Deleting twice gives the first one's
   * operation. Throws `protected`.
   */
  delete(context: RequestContext, reference: string) {
    return this.commands.run(context, (em) =>
      this.operate(em, context, reference, 'delete_server', {}, createOperationInLine),
    );
  }

  private act<K extends ServerOperationKind>(
    context: RequestContext,
    reference: string,
    kind: K,
    input: OperationInput<K>,
  ): Promise<ActionAnswer> {
    return this.commands.run(context, (em) =>
      this.operate(em, context, reference, kind, input, createOperation),
    );
  }

  /** As act, where the server's host can do it. Throws `unsupported`. */
  private actOn(
    context: RequestContext,
    reference: string,
    kind: 'freeze_server' | 'checkpoint_server',
    capability: Capability,
  ): Promise<ActionAnswer> {
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, context.caller, reference);
      await assertHostCan(em, server, [capability]);
      const operation = await requestOperation(em, context, server, kind, {});
      return { body: { operation: presentNewOperation(operation, context.caller) } };
    });
  }

  private async operate<K extends ServerOperationKind>(
    em: EntityManager,
    context: RequestContext,
    reference: string,
    kind: K,
    input: OperationInput<K>,
    make: MakeOperation,
  ): Promise<Answer<ActionAnswer>> {
    const server = await lockServer(em, context.caller, reference);
    if (kind === 'delete_server' && server.protectionDelete) {
      throw new BerthError(
        'protected',
        `${server.name} is protected: change_protection {"delete": false} first`,
        {
          protection: { delete: true },
        },
      );
    }
    const operation = await requestOperation(em, context, server, kind, input, make);
    return { body: { operation: await presentOperation(em, operation, context.caller) } };
  }
}
