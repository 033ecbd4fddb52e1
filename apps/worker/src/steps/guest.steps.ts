import { ServerEntity, unseal } from '@berth/database';
import { StepError } from '@berth/domain';
import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { InjectOptions, type WorkerOptions } from '../core/worker-options';
import { mutationOf } from './mutation';
import { ServerTargets } from './server-target';

/** Sets root's password inside, whether the server runs or not. */
@Injectable()
export class SetRootPasswordStep implements StepHandler {
  constructor(
    private readonly targets: ServerTargets,
    @InjectOptions() private readonly options: WorkerOptions,
  ) {}

  async run(context: StepContext): Promise<void> {
    const sealed = context.operation.input.sealed_root_password;
    if (typeof sealed !== 'string')
      throw new StepError('abort', 'internal', 'the operation holds no password: ask for a new one');
    const { runtime, containerId } = await this.targets.of(context.operation);
    const password = await unseal(this.options.config, sealed);
    await runtime.setRootPassword(containerId, password, mutationOf(context));
  }
}

/**
 * Sets the hostname on the host, then in the database. Taken back by setting on the host what the database says: the old
 * one, unless both were changed already.
 */
@Injectable()
export class ApplyHostnameStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId, serverId } = await this.targets.of(context.operation);
    const hostname = String(context.operation.input.hostname);
    await runtime.setHostname(containerId, hostname, mutationOf(context));
    await context.commit((em) => em.update(ServerEntity, { id: serverId }, { hostname }));
  }

  async undo(context: StepContext): Promise<void> {
    const { runtime, containerId, serverId } = await this.targets.of(context.operation);
    const server = await context.commit((em) => em.findOneByOrFail(ServerEntity, { id: serverId }));
    await runtime.setHostname(containerId, server.hostname, mutationOf(context));
  }
}
