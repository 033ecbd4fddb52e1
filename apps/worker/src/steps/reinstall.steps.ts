import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { CreateContainerStep } from './create-container.step';
import { absentIsFine, mutationOf } from './mutation';
import { StartOrderedContainerStep } from './power.steps';
import { ServerTargets } from './server-target';

/** The point of no return of a reinstall: the old root is gone after it. The template for the new one is there already. */
@Injectable()
export class DestroyOldStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await absentIsFine(runtime.destroy(containerId, mutationOf(context)));
  }
}

/** As an order makes it, but not taken back: nothing would be left then, and a half-made one serves the next try. */
@Injectable()
export class MakeContainerStep implements StepHandler {
  constructor(private readonly ordered: CreateContainerStep) {}

  run(context: StepContext): Promise<void> {
    return this.ordered.run(context);
  }
}

/** As an order starts it, but not taken back. */
@Injectable()
export class StartRemadeStep implements StepHandler {
  constructor(private readonly ordered: StartOrderedContainerStep) {}

  run(context: StepContext): Promise<void> {
    return this.ordered.run(context);
  }
}
