import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets } from './server-target';

/** Starts the container; it answers ping when this ends. */
@Injectable()
export class StartContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await runtime.start(containerId, mutationOf(context));
  }
}

/**
 * Starts what was ordered, unless the order says that it stays stopped, or it runs since its creation a moment ago:
 * by this worker, under the same fence. Taken back by killing it.
 */
@Injectable()
export class StartOrderedContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    if (context.operation.input.start === false) return;
    const made = context.outputOf('create_container') ?? context.outputOf('clone_container');
    if (made?.started_with_fence === context.fence) return;
    const { runtime, containerId } = await this.targets.of(context.operation);
    await runtime.start(containerId, mutationOf(context));
  }

  async undo(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await absentIsFine(runtime.kill(containerId, mutationOf(context)));
  }
}

/** Shuts the container down; kills it where that takes longer than asked for. */
@Injectable()
export class StopContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<{ ended: 'stopped' | 'killed' }> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    const timeoutMs = 1000 * Number(context.operation.input.timeout_s);
    return { ended: await runtime.stop(containerId, { ...mutationOf(context), timeoutMs }) };
  }
}

/** Ends every process of the container at once. */
@Injectable()
export class KillContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await runtime.kill(containerId, mutationOf(context));
  }
}
