import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerAddress, ContainerId, MutationOptions } from '../container-runtime';
import { LockTimeout } from '../keyed-mutex';
import { RuntimeError, type RuntimeErrorCode } from '../runtime-error';
import * as check from '../validation';
import type { SimulatedHost } from './simulated-fleet';
import type { RuntimeMethod, SimulatedContainer } from './simulated-state';

const LOCK_WAIT_MS = 30_000;

/** What is the same around every call to a simulated host: latency, injected faults, power and network, lock, fence. */
export abstract class SimulatedCalls {
  /** `name` is for error messages; the host's state goes by its key. */
  constructor(
    protected readonly machine: SimulatedHost,
    protected readonly name: string = machine.key,
  ) {}

  protected async mutateExisting(
    method: RuntimeMethod,
    id: ContainerId,
    options: MutationOptions,
    change: (container: SimulatedContainer) => SimulatedContainer | Promise<SimulatedContainer>,
  ): Promise<void> {
    await this.mutate(method, id, options, (container) => {
      if (!container) throw this.error('not_found', `${method} ${id}`, `there is no container ${id}`);
      return change(container);
    });
  }

  /** Under the container's lock: fence first, then the change; null removes the container. */
  protected async mutate(
    method: RuntimeMethod,
    id: ContainerId,
    options: MutationOptions,
    change: (
      container: SimulatedContainer | null,
    ) => SimulatedContainer | null | Promise<SimulatedContainer | null>,
  ): Promise<void> {
    check.assertContainerId(this.name, id);
    check.assertFence(this.name, options.fence);
    const { store, key } = this.machine;
    const action = `${method} ${id}`;
    const generation = this.machine.record().generation;
    await this.locked(id, action, () =>
      this.call(method, action, options.signal, async () => {
        this.assertUp(action, generation);
        const current = store.readContainer(key, id);
        const seen = Math.max(current?.fence ?? 0, store.readFence(key, id));
        if (options.fence < seen) {
          throw this.error(
            'fenced',
            action,
            `fence ${options.fence} is older than ${seen}: a newer worker has taken over`,
          );
        }
        if (options.fence > seen) store.writeFence(key, id, options.fence);
        const next = await change(current);
        if (next) store.writeContainer(key, { ...next, fence: options.fence });
        else store.removeContainer(key, id);
        options.onLog?.(`${action}: done`);
      }),
    );
  }

  /** Latency, injected faults and lost hosts around one call. */
  protected async call<T>(
    method: RuntimeMethod,
    action: string,
    signal: AbortSignal | undefined,
    work: () => T | Promise<T>,
  ): Promise<T> {
    if (signal?.aborted) throw this.error('aborted', action, 'cancelled before it began');
    const { generation, faults } = this.machine.record();
    this.assertUp('connect', generation);
    const latency = faults.latencyMs[method] ?? faults.latencyMs['*'] ?? 0;
    if (latency > 0) {
      await delay(latency, undefined, { signal }).catch(() => {
        throw this.error('aborted', action, 'cancelled');
      });
    }
    this.assertUp(action, generation);
    const fault = await this.machine.takeFault(method);
    if (fault && !fault.after) throw this.error(fault.code, action, 'a simulated failure');
    const result = await work();
    if (fault) throw this.error(fault.code, action, 'a simulated failure after the change');
    return result;
  }

  private assertUp(action: string, generation: number): void {
    const record = this.machine.record();
    if (!record.powered || record.cut || record.generation !== generation) {
      throw this.error('unreachable', action, record.powered ? 'its network is cut' : 'it has no power');
    }
  }

  protected async locked<T>(key: string, action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.machine.store.withLock(this.machine.key, key, LOCK_WAIT_MS, work);
    } catch (error) {
      if (error instanceof LockTimeout) throw this.error('busy', action, 'another command holds the lock');
      throw error;
    }
  }

  protected existing(id: ContainerId, action: string): SimulatedContainer {
    const container = this.machine.store.readContainer(this.machine.key, id);
    if (!container) throw this.error('not_found', action, `there is no container ${id}`);
    return container;
  }

  protected moveAddresses(before: ContainerAddress[], container: SimulatedContainer): void {
    const { store, key } = this.machine;
    const owner = `${key}/${container.spec.id}`;
    const wanted = new Set(container.spec.addresses.map(({ address }) => address));
    for (const { address } of before) if (!wanted.has(address)) store.releaseAddress(address, owner);
    for (const address of wanted) {
      const holder = store.claimAddress(address, owner);
      if (holder) store.recordViolation({ address, holder, intruder: owner, at: new Date().toISOString() });
    }
  }

  protected releaseAddresses({ spec }: SimulatedContainer): void {
    for (const { address } of spec.addresses) {
      this.machine.store.releaseAddress(address, `${this.machine.key}/${spec.id}`);
    }
  }

  protected error(code: RuntimeErrorCode, action: string, why: string): RuntimeError {
    return new RuntimeError(code, `${this.name}: cannot ${action}: ${why}`, { host: this.name, action });
  }
}
