import { StepError } from '@berth/domain';
import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { InjectOptions, type WorkerOptions } from '../core/worker-options';
import { rootPasswordOf, specOf } from './container-spec';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets } from './server-target';
import { SnapshotTargets } from './snapshot-target';

/** Makes the container with a snapshot's files and an identity of its own; starts it at once where asked. Taken back by destroying it. */
@Injectable()
export class CloneContainerStep implements StepHandler {
  constructor(
    private readonly targets: ServerTargets,
    private readonly snapshots: SnapshotTargets,
    @InjectOptions() private readonly options: WorkerOptions,
  ) {}

  async run(context: StepContext): Promise<{ started_with_fence: number | null }> {
    const target = await this.targets.of(context.operation);
    const { containerId: id, snapshotId, hostId } = await this.snapshots.usable(context.operation);
    if (hostId !== target.host.id) {
      const message = `the snapshot's server has moved to another host than ${target.host.name}: ask for the clone anew`;
      throw new StepError('abort', 'conflict', message);
    }
    const spec = specOf(target, await rootPasswordOf(context, this.options));
    const start = context.operation.input.start !== false;
    await target.runtime.clone({ id, snapshotId }, spec, { ...mutationOf(context), start });
    return { started_with_fence: start ? context.fence : null };
  }

  async undo(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await absentIsFine(runtime.destroy(containerId, mutationOf(context)));
  }
}
