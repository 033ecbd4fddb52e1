import { newHostRecord } from './simulated-state';
import type { AddressViolation, SimulatedContainer, SimulatedHostRecord } from './simulated-state';
import { KeyedMutex } from '../keyed-mutex';

/**
 * Where simulated hosts keep what they are. Reads and writes are synchronous and atomic for one record; what must
 * not interleave is done under `withLock`. A store outlives the worker if it is a `FileStore`, as a host would.
 */
export interface SimulatedStore {
  /** Runs `work` alone among holders of this key, over all processes that share the store. Rejects with `LockTimeout`. */
  withLock<T>(host: string, key: string, waitMs: number, work: () => Promise<T> | T): Promise<T>;
  readHost(host: string): SimulatedHostRecord;
  writeHost(host: string, record: SimulatedHostRecord): void;
  hosts(): string[];
  readContainer(host: string, id: string): SimulatedContainer | null;
  writeContainer(host: string, container: SimulatedContainer): void;
  removeContainer(host: string, id: string): void;
  listContainers(host: string): SimulatedContainer[];
  /** Fence of a container that is gone; 0 where none was seen. */
  readFence(host: string, id: string): number;
  writeFence(host: string, id: string, fence: number): void;
  /** Gives the owner that holds the address already, else takes it and gives null. */
  claimAddress(address: string, owner: string): string | null;
  releaseAddress(address: string, owner: string): void;
  recordViolation(violation: AddressViolation): void;
  violations(): AddressViolation[];
}

/** Forgets everything with its process. Values are copied in and out: a caller can't change a record by accident. */
export class MemoryStore implements SimulatedStore {
  private readonly mutex = new KeyedMutex();
  private readonly hostRecords = new Map<string, SimulatedHostRecord>();
  private readonly containers = new Map<string, Map<string, SimulatedContainer>>();
  private readonly fences = new Map<string, number>();
  private readonly addresses = new Map<string, string>();
  private readonly found: AddressViolation[] = [];

  withLock<T>(host: string, key: string, waitMs: number, work: () => Promise<T> | T): Promise<T> {
    return this.mutex.run(`${host}/${key}`, waitMs, work);
  }

  readHost(host: string): SimulatedHostRecord {
    return structuredClone(this.hostRecords.get(host) ?? newHostRecord());
  }

  writeHost(host: string, record: SimulatedHostRecord): void {
    this.hostRecords.set(host, structuredClone(record));
  }

  hosts(): string[] {
    return [...this.hostRecords.keys()];
  }

  readContainer(host: string, id: string): SimulatedContainer | null {
    const container = this.containers.get(host)?.get(id);
    return container ? structuredClone(container) : null;
  }

  writeContainer(host: string, container: SimulatedContainer): void {
    let ofHost = this.containers.get(host);
    if (!ofHost) this.containers.set(host, (ofHost = new Map()));
    ofHost.set(container.spec.id, structuredClone(container));
  }

  removeContainer(host: string, id: string): void {
    this.containers.get(host)?.delete(id);
  }

  listContainers(host: string): SimulatedContainer[] {
    return [...(this.containers.get(host)?.values() ?? [])].map((container) => structuredClone(container));
  }

  readFence(host: string, id: string): number {
    return this.fences.get(`${host}/${id}`) ?? 0;
  }

  writeFence(host: string, id: string, fence: number): void {
    this.fences.set(`${host}/${id}`, fence);
  }

  claimAddress(address: string, owner: string): string | null {
    const holder = this.addresses.get(address);
    if (holder && holder !== owner) return holder;
    this.addresses.set(address, owner);
    return null;
  }

  releaseAddress(address: string, owner: string): void {
    if (this.addresses.get(address) === owner) this.addresses.delete(address);
  }

  recordViolation(violation: AddressViolation): void {
    this.found.push(violation);
  }

  violations(): AddressViolation[] {
    return [...this.found];
  }
}
