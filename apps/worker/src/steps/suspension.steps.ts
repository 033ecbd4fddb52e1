import type { OperationInput } from '@berth/contracts';
import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { isGone } from './delete.steps';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets } from './server-target';

/**
 * Stops the container, or cuts its network and lets it run. One that isn't there (an order that failed) can't do anything
 * either.
 */
@Injectable()
export class SuspendContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    if (isGone(target, context)) return;
    const { policy, timeout_s: timeoutS } = context.operation.input as OperationInput<'suspend_server'>;
    const { runtime, containerId } = target;
    const options = mutationOf(context);
    // In both cases: a boot of the host, or a start past us, finds it cut.
    await absentIsFine(runtime.cutNetwork(containerId, options));
    if (policy === 'stop')
      await absentIsFine(
        runtime.stop(containerId, { ...options, timeoutMs: 1000 * timeoutS }).then(() => {}),
      );
  }
}

/** Gives the network back, and starts what shall run; what shall not is stopped. */
@Injectable()
export class UnsuspendContainerStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    const options = mutationOf(context);
    await runtime.mendNetwork(containerId, options);
    const { start } = context.operation.input as OperationInput<'unsuspend_server'>;
    if (start) await runtime.start(containerId, options);
    else await runtime.stop(containerId, { ...options, timeoutMs: 30_000 });
  }
}
