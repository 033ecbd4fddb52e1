import type { ContainerId, ContainerSpec, ContainerState, MutationOptions } from '../container-runtime';
import type { SnapshotId, SnapshotSummary } from '../snapshot-and-migration';
import * as check from '../validation';
import { LxcCalls, specParts } from './lxc-calls';

/** Writing a server's memory to a slow disk takes its time. */
const CHECKPOINT_TIMEOUT_MS = 900_000;

/** Freezing, checkpoints, snapshots and clones: host/{checkpoint,snapshot}.sh. */
export abstract class LxcSnapshots extends LxcCalls {
  async freeze(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('freeze', id, options);
  }

  async unfreeze(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('unfreeze', id, options);
  }

  async checkpoint(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('checkpoint', id, options, { timeoutMs: CHECKPOINT_TIMEOUT_MS });
  }

  async restore(id: ContainerId, options: MutationOptions): Promise<void> {
    await this.mutate('restore', id, options, { timeoutMs: CHECKPOINT_TIMEOUT_MS });
  }

  async createSnapshot(
    id: ContainerId,
    snapshotId: SnapshotId,
    options: MutationOptions & { memory?: boolean },
  ): Promise<SnapshotSummary> {
    check.assertName(this.connection.host, 'snapshot', snapshotId);
    const args = [snapshotId, options.memory ? 'memory' : 'files'];
    const timeoutMs = CHECKPOINT_TIMEOUT_MS;
    return parseSnapshots(await this.mutate('create_snapshot', id, options, { args, timeoutMs }))[0]!;
  }

  async rollbackSnapshot(
    id: ContainerId,
    snapshotId: SnapshotId,
    options: MutationOptions & { memory?: boolean },
  ): Promise<ContainerState> {
    check.assertName(this.connection.host, 'snapshot', snapshotId);
    const args = [snapshotId, (options.memory ?? true) ? 'memory' : 'files'];
    const timeoutMs = CHECKPOINT_TIMEOUT_MS;
    return (await this.mutate('rollback', id, options, { args, timeoutMs })).trim() as ContainerState;
  }

  async deleteSnapshot(id: ContainerId, snapshotId: SnapshotId, options: MutationOptions): Promise<void> {
    check.assertName(this.connection.host, 'snapshot', snapshotId);
    await this.mutate('delete_snapshot', id, options, { args: [snapshotId] });
  }

  async listSnapshots(id: ContainerId): Promise<SnapshotSummary[]> {
    check.assertContainerId(this.connection.host, id);
    const action = `list the snapshots of ${id}`;
    return parseSnapshots(await this.call('container', 'berth_list_snapshots', [id], { action }));
  }

  async clone(
    source: { id: ContainerId; snapshotId: SnapshotId | null },
    spec: ContainerSpec,
    options: MutationOptions & { start?: boolean },
  ): Promise<void> {
    const { host } = this.connection;
    check.assertContainerId(host, source.id);
    if (source.snapshotId !== null) check.assertName(host, 'snapshot', source.snapshotId);
    check.assertSpec(host, spec);
    const verb = options.start ? 'clone_started' : 'clone';
    const args = [source.id, source.snapshotId ?? '-'];
    await this.mutate(verb, spec.id, options, { args, parts: specParts(spec) });
  }
}

/** `snapshot ID CREATED_MS memory|files SIZE EXCLUSIVE` lines; `-` where a figure is not known. */
export function parseSnapshots(output: string): SnapshotSummary[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('snapshot '))
    .map((line) => {
      const [, id = '', createdAt, kind, size, exclusive = '-'] = line.split(' ');
      return {
        id,
        createdAt: Number(createdAt),
        memory: kind === 'memory',
        sizeBytes: Number(size),
        exclusiveBytes: exclusive === '-' ? null : Number(exclusive),
      };
    })
    .sort((a, b) => a.createdAt - b.createdAt);
}
