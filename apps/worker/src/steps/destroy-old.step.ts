import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { absentIsFine, mutationOf } from './mutation';
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
