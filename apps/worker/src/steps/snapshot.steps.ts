import { ServerEntity, setSnapshotSize } from '@berth/database';
import type { StepContext, StepHandler } from '@berth/jobs';
import type { SnapshotSummary } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { isGone } from './delete.steps';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets } from './server-target';
import { SnapshotTargets } from './snapshot-target';

/** What it holds alone; where the host can't tell, what it holds at most. */
export const sizeOf = ({ exclusiveBytes, sizeBytes }: SnapshotSummary): number => exclusiveBytes ?? sizeBytes;

/** Takes it, and notes its size. Taken back by deleting it. */
@Injectable()
export class TakeSnapshotStep implements StepHandler {
  constructor(
    private readonly targets: ServerTargets,
    private readonly snapshots: SnapshotTargets,
  ) {}

  async run(context: StepContext): Promise<{ size_bytes: number }> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    const { snapshotId, memory } = await this.snapshots.of(context.operation);
    const made = await runtime.createSnapshot(containerId, snapshotId, { ...mutationOf(context), memory });
    const size = sizeOf(made);
    await context.commit((em) => setSnapshotSize(em, snapshotId, size));
    return { size_bytes: size };
  }

  async undo(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    const snapshotId = String(context.operation.input.snapshot_id);
    await absentIsFine(runtime.deleteSnapshot(containerId, snapshotId, mutationOf(context)));
  }
}

@Injectable()
export class RemoveSnapshotStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    if (isGone(target, context)) return;
    const snapshotId = String(context.operation.input.snapshot_id);
    await absentIsFine(target.runtime.deleteSnapshot(target.containerId, snapshotId, mutationOf(context)));
  }
}

/**
 * The server's files, and with `memory` its processes, are the snapshot's again; its template too, where it was another one
 * since. What ran is started again by the host, or by the next step, if this one was cut short.
 */
@Injectable()
export class RollBackContainerStep implements StepHandler {
  constructor(
    private readonly targets: ServerTargets,
    private readonly snapshots: SnapshotTargets,
  ) {}

  async run(context: StepContext): Promise<{ state: string }> {
    const { runtime, containerId, serverId } = await this.targets.of(context.operation);
    const { snapshotId, templateId } = await this.snapshots.usable(context.operation);
    const memory = context.operation.input.memory === true;
    const state = await runtime.rollbackSnapshot(containerId, snapshotId, { ...mutationOf(context), memory });
    await context.commit((em) => em.update(ServerEntity, { id: serverId }, { templateId }));
    return { state };
  }
}
