import { type LimitName, type Limits, type OperationInput } from '@berth/contracts';
import { ServerEntity } from '@berth/database';
import { mergeLimits } from '@berth/domain';
import type { StepContext, StepHandler } from '@berth/jobs';
import { RuntimeError } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets } from './server-target';

/**
 * Changes limits on the host, all or none, in one round trip: the host checks first (`limit_too_low`, `unsupported`). The
 * operation's end writes them to the database. Taken back by setting what they were.
 */
@Injectable()
export class ApplyLimitsStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    const { limits } = inputOf(context);
    await runtime.applyLimits(containerId, limits, mutationOf(context));
  }

  async undo(context: StepContext): Promise<void> {
    const { runtime, containerId, serverId } = await this.targets.of(context.operation);
    const { limits, previous } = inputOf(context);
    const kept: Limits = {};
    for (;;) {
      try {
        await absentIsFine(runtime.applyLimits(containerId, { ...previous, ...kept }, mutationOf(context)));
        break;
      } catch (error) {
        // The guest has grown into what it was given: it keeps that limit, whose room is still reserved.
        const name = tooLow(error);
        if (name === null || limits[name] === undefined || name in kept) throw error;
        context.log(`${name} can't go back to what it was, since more is in use by now: the new one stays`);
        Object.assign(kept, { [name]: limits[name] });
      }
    }
    if (Object.keys(kept).length === 0) return;
    await context.commit(async (em) => {
      const server = await em.findOneByOrFail(ServerEntity, { id: serverId });
      await em.update(ServerEntity, { id: serverId }, { limits: mergeLimits(server.limits, kept) });
    });
  }
}

const inputOf = ({ operation }: StepContext) => operation.input as OperationInput<'resize_server'>;

const tooLow = (error: unknown): LimitName | null =>
  error instanceof RuntimeError && error.code === 'limit_too_low' ? (error.details.limit as LimitName) : null;
