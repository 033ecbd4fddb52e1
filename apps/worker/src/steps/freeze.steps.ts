import type { StepContext, StepHandler } from '@berth/jobs';
import { RuntimeError } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { mutationOf } from './mutation';
import { ServerTargets, type ServerTarget } from './server-target';

/** Stops all processes where they are. Taken back by letting them go on, if they did before. */
@Injectable()
export class FreezeContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await runtime.freeze(containerId, mutationOf(context));
  }

  async undo(context: StepContext): Promise<void> {
    const { runtime, containerId, status } = await this.targets.of(context.operation);
    if (status === 'running') await notRunningIsFine(runtime.unfreeze(containerId, mutationOf(context)));
  }
}

@Injectable()
export class UnfreezeContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await runtime.unfreeze(containerId, mutationOf(context));
  }
}

/** Writes the processes to the host's disk and ends them. Taken back by bringing them back, frozen if they were. */
@Injectable()
export class CheckpointContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await runtime.checkpoint(containerId, mutationOf(context));
  }

  async undo(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    if (target.checkpointed || !(await isCheckpointed(target))) return;
    await target.runtime.restore(target.containerId, mutationOf(context));
    if (target.status === 'frozen') await target.runtime.freeze(target.containerId, mutationOf(context));
  }
}

/** The processes of the checkpoint go on; where they can't, it stays a checkpoint. */
@Injectable()
export class RestoreContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await runtime.restore(containerId, mutationOf(context));
  }
}

const isCheckpointed = async ({ runtime, containerId }: ServerTarget): Promise<boolean> =>
  (await runtime.inspect(containerId))?.state === 'checkpointed';

/** Nothing is frozen where nothing runs. */
async function notRunningIsFine(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    const isFine = error instanceof RuntimeError && ['not_running', 'not_found'].includes(error.code);
    if (!isFine) throw error;
  });
}
