import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets, type ServerTarget } from './server-target';

/**
 * A host that an operator removed is gone for good, with all that was on it: there is nothing to destroy, and nobody to
 * ask. Its servers can be deleted, so that they give back what they hold.
 */
export function isGone({ host }: ServerTarget, context: StepContext): boolean {
  if (host.state !== 'removed') return false;
  context.log(`${host.name} was removed: nothing is left there to delete`);
  return true;
}

/** The first half of a delete: nothing of the server runs after it. */
@Injectable()
export class KillForDeleteStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    if (isGone(target, context)) return;
    await absentIsFine(target.runtime.kill(target.containerId, mutationOf(context)));
  }
}

/** The second half: nothing of it is left on the host. */
@Injectable()
export class DestroyContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    if (isGone(target, context)) return;
    await absentIsFine(target.runtime.destroy(target.containerId, mutationOf(context)));
  }
}
