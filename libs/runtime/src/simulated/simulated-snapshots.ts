import type { Capability } from '@berth/contracts';
import type { ContainerId, ContainerSpec, ContainerState, MutationOptions } from '../container-runtime';
import { RuntimeError } from '../runtime-error';
import type { SnapshotId, SnapshotSummary } from '../snapshot-and-migration';
import * as check from '../validation';
import { SimulatedCalls } from './simulated-calls';
import type { SimulatedContainer, SimulatedSnapshot } from './simulated-state';
import { diskUse, halted, isUp, launched, memoryUse, secondsUp } from './simulated-usage';

/** Networks cut, freezing, checkpoints, snapshots and clones of simulated containers. */
export abstract class SimulatedSnapshots extends SimulatedCalls {
  cutNetwork(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting('cutNetwork', id, options, (container) => ({
      ...container,
      networkCut: true,
    }));
  }

  mendNetwork(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting('mendNetwork', id, options, (container) => ({
      ...container,
      networkCut: false,
    }));
  }

  freeze(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting('freeze', id, options, (container) => {
      this.require('freeze');
      this.assertRuns(container, `freeze ${id}`);
      return { ...container, state: 'frozen' };
    });
  }

  unfreeze(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting('unfreeze', id, options, (container) => {
      this.assertRuns(container, `unfreeze ${id}`);
      this.assertNotLeaving(container, `unfreeze ${id}`);
      return { ...container, state: 'running' };
    });
  }

  checkpoint(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting('checkpoint', id, options, (container) => {
      this.require('checkpoint');
      if (container.state === 'checkpointed') return container;
      this.assertRuns(container, `checkpoint ${id}`);
      this.releaseAddresses(container);
      const checkpointSeconds = secondsUp(container, Date.now());
      return { ...halted(container), state: 'checkpointed', checkpointSeconds };
    });
  }

  restore(id: ContainerId, options: MutationOptions): Promise<void> {
    return this.mutateExisting('restore', id, options, (container) => {
      if (container.state === 'running') return container;
      this.assertNotLeaving(container, `restore ${id}`);
      if (container.state !== 'checkpointed') {
        throw this.error('not_running', `restore ${id}`, `${id} is ${container.state}: it has no checkpoint`);
      }
      this.moveAddresses([], container);
      return launched(container, container.checkpointSeconds ?? 0);
    });
  }

  async createSnapshot(
    id: ContainerId,
    snapshotId: SnapshotId,
    options: MutationOptions & { memory?: boolean },
  ): Promise<SnapshotSummary> {
    check.assertName(this.name, 'snapshot', snapshotId);
    let made: SimulatedSnapshot | undefined;
    await this.mutateExisting('createSnapshot', id, options, (container) => {
      this.require('snapshots');
      if (options.memory) this.require('snapshots:memory');
      const snapshots = container.snapshots ?? [];
      made = snapshots.find((one) => one.id === snapshotId);
      if (made) return container;
      made = takeSnapshot(container, snapshotId, options.memory ?? false);
      return { ...container, snapshots: [...snapshots, made] };
    });
    return summary(made!);
  }

  async rollbackSnapshot(
    id: ContainerId,
    snapshotId: SnapshotId,
    options: MutationOptions & { memory?: boolean },
  ): Promise<ContainerState> {
    check.assertName(this.name, 'snapshot', snapshotId);
    let state: ContainerState = 'stopped';
    await this.mutateExisting('rollbackSnapshot', id, options, (container) => {
      this.assertNotLeaving(container, `roll ${id} back`);
      const snapshot = this.snapshotOf(container, snapshotId, `roll ${id} back`);
      const wasUp = isUp(container);
      if (wasUp) this.releaseAddresses(container);
      const { passwordHash, use } = snapshot;
      const back = { ...halted(container), passwordHash, use };
      const memory = snapshot.secondsUp !== null && (options.memory ?? true);
      if (memory || wasUp) this.moveAddresses([], back);
      const next = memory ? launched(back, snapshot.secondsUp!) : wasUp ? launched(back) : back;
      state = next.state;
      return next;
    });
    return state;
  }

  async deleteSnapshot(id: ContainerId, snapshotId: SnapshotId, options: MutationOptions): Promise<void> {
    check.assertName(this.name, 'snapshot', snapshotId);
    return this.mutate('deleteSnapshot', id, options, (container) => {
      if (!container) return null;
      const snapshots = (container.snapshots ?? []).filter((one) => one.id !== snapshotId);
      return { ...container, snapshots };
    });
  }

  async listSnapshots(id: ContainerId): Promise<SnapshotSummary[]> {
    check.assertContainerId(this.name, id);
    const action = `list the snapshots of ${id}`;
    return this.call('listSnapshots', action, undefined, () =>
      (this.existing(id, action).snapshots ?? []).map(summary),
    );
  }

  async clone(
    source: { id: ContainerId; snapshotId: SnapshotId | null },
    spec: ContainerSpec,
    options: MutationOptions & { start?: boolean },
  ): Promise<void> {
    check.assertContainerId(this.name, source.id);
    if (source.snapshotId !== null) check.assertName(this.name, 'snapshot', source.snapshotId);
    const action = `clone ${source.id} to ${spec.id}`;
    this.assertCreatable(spec);
    const use = await this.call('clone', action, options.signal, () => {
      this.require('clone');
      if (this.machine.store.readContainer(this.machine.key, spec.id)) return null; // Completed by create.
      const origin = this.existing(source.id, action);
      if (source.snapshotId === null) return { passwordHash: origin.passwordHash, use: origin.use };
      return this.snapshotOf(origin, source.snapshotId, action);
    });
    await this.createFrom(spec, options, use);
  }

  /** Throws what `create` refuses. */
  protected abstract assertCreatable(spec: ContainerSpec): void;
  protected abstract createFrom(
    spec: ContainerSpec,
    options: MutationOptions & { start?: boolean },
    origin: Pick<SimulatedContainer, 'passwordHash' | 'use'> | null,
  ): Promise<void>;

  protected snapshotOf(container: SimulatedContainer, snapshotId: SnapshotId, action: string) {
    const found = container.snapshots?.find((one) => one.id === snapshotId);
    if (!found) throw this.error('not_found', action, `there is no snapshot ${snapshotId}`);
    return found;
  }

  protected assertRuns(container: SimulatedContainer, action: string): void {
    if (isUp(container)) return;
    throw this.error('not_running', action, `${container.spec.id} is ${container.state}`);
  }

  /** Handed over, it may be running elsewhere. */
  protected assertNotLeaving({ spec, departure }: SimulatedContainer, action: string): void {
    if (!departure?.was) return;
    throw this.error(
      'in_migration',
      action,
      `${spec.id} was handed over in migration ${departure.migrationId}`,
    );
  }

  protected require(capability: Capability): void {
    if (!this.machine.record().faults.withoutCapabilities.includes(capability)) return;
    const details = { host: this.name, action: 'check what it can do', capability };
    throw new RuntimeError('unsupported', `${this.name} does not have ${capability}`, details);
  }
}

function takeSnapshot(container: SimulatedContainer, id: SnapshotId, memory: boolean): SimulatedSnapshot {
  const withMemory = memory && isUp(container);
  return {
    id,
    createdAt: Date.now(),
    sizeBytes: diskUse(container) + (withMemory ? memoryUse(container) : 0),
    secondsUp: withMemory ? secondsUp(container, Date.now()) : null,
    passwordHash: container.passwordHash,
    use: container.use,
  };
}

function summary({ id, createdAt, sizeBytes, secondsUp }: SimulatedSnapshot): SnapshotSummary {
  return { id, createdAt, memory: secondsUp !== null, sizeBytes, exclusiveBytes: Math.floor(sizeBytes / 8) };
}
