import { randomUUID } from 'node:crypto';
import type { RuntimeErrorCode } from '../runtime-error';
import type {
  AddressViolation,
  RuntimeMethod,
  SimulatedContainer,
  SimulatedHostRecord,
  SimulatedUse,
} from './simulated-state';
import { MemoryStore } from './simulated-store';
import type { SimulatedStore } from './simulated-store';
import { halted } from './simulated-usage';

const HOST_LOCK_MS = 10_000;

/** All simulated hosts of one store. Tests in another process open the same `FileStore` directory and play fate there. */
export class SimulatedFleet {
  private readonly hosts = new Map<string, SimulatedHost>();

  /** `fetchTemplates: false`: an import is believed, and its image neither fetched nor hashed; a thousand hosts would do it each. */
  constructor(
    readonly store: SimulatedStore = new MemoryStore(),
    private readonly options: { fetchTemplates?: boolean } = {},
  ) {}

  /** A host that was never seen is a fresh, powered one. `key` is the host's id in the control plane. */
  host(key: string): SimulatedHost {
    let host = this.hosts.get(key);
    if (!host)
      this.hosts.set(key, (host = new SimulatedHost(key, this.store, this.options.fetchTemplates ?? true)));
    return host;
  }

  /** Every moment at which two running containers had one address. Must stay empty. */
  violations(): AddressViolation[] {
    return this.store.violations();
  }
}

/** One simulated machine, seen from its power switch: what a driver can't do to it. */
export class SimulatedHost {
  private random: { seed: number; next: () => number } | null = null;

  constructor(
    readonly key: string,
    readonly store: SimulatedStore,
    readonly fetchesTemplates = true,
  ) {}

  record(): SimulatedHostRecord {
    return this.store.readHost(this.key);
  }

  containers(): SimulatedContainer[] {
    return this.store.listContainers(this.key);
  }

  /** Milliseconds that calls take from now on; a number alone is for all methods. */
  setLatency(latency: number | Partial<Record<RuntimeMethod | '*', number>>): Promise<void> {
    return this.change((record) => {
      record.faults.latencyMs = typeof latency === 'number' ? { '*': latency } : latency;
    });
  }

  /** With `after` the change happens and only its answer is lost, as when a connection drops. */
  failNext(
    method: RuntimeMethod | '*',
    code: RuntimeErrorCode,
    options: { count?: number; after?: boolean } = {},
  ) {
    const { count = 1, after = false } = options;
    return this.change((record) => record.faults.failNext.push({ method, code, count, after }));
  }

  /** Probability 0 ends it. The sequence depends on the seed and the order of calls only. */
  failRandomly(probability: number, code: RuntimeErrorCode, seed = 1): Promise<void> {
    return this.change((record) => {
      record.faults.failRandomly = probability > 0 ? { probability, code, seed } : null;
    });
  }

  withoutCapabilities(names: string[]): Promise<void> {
    return this.change((record) => {
      record.faults.withoutCapabilities = names;
    });
  }

  setSize(size: { cpus?: number; ramBytes?: number; diskBytes?: number }): Promise<void> {
    return this.change((record) => {
      Object.assign(record, size);
    });
  }

  /** Unreachable from now on; calls under way fail. Its containers go on. */
  cut(): Promise<void> {
    return this.change((record) => {
      record.cut = true;
      record.generation++;
    });
  }

  mend(): Promise<void> {
    return this.change((record) => {
      record.cut = false;
    });
  }

  /** Power loss: nothing runs, the disk stays. */
  async crash(): Promise<void> {
    await this.change((record) => {
      record.powered = false;
      record.bootId = null;
      record.generation++;
    });
    for (const container of this.containers()) this.halt(container.spec.id);
  }

  /** Power back: reachable, with its containers stopped, and to be prepared anew. */
  boot(): Promise<void> {
    return this.change((record) => {
      record.powered = true;
    });
  }

  /** `poweroff` typed inside; also how a container's init may die. */
  guestPoweroff(id: string): void {
    this.halt(id);
  }

  /** What a container's guest uses from now on; what isn't named stays. Unknown containers are let be. */
  setUse(id: string, use: SimulatedUse): Promise<void> {
    return this.store.withLock(this.key, id, HOST_LOCK_MS, () => {
      const container = this.store.readContainer(this.key, id);
      if (!container) return;
      this.store.writeContainer(this.key, { ...container, use: { ...container.use, ...use } });
    });
  }

  /** What `failNext` and `failRandomly` have in store for this call; counts it. */
  async takeFault(method: RuntimeMethod): Promise<{ code: RuntimeErrorCode; after: boolean } | null> {
    const { failNext, failRandomly } = this.record().faults;
    if (failRandomly && this.draw(failRandomly.seed) < failRandomly.probability) {
      return { code: failRandomly.code, after: false };
    }
    if (!failNext.some((fault) => fault.method === method || fault.method === '*')) return null;
    return this.change(({ faults }) => {
      const fault = faults.failNext.find((one) => one.method === method || one.method === '*');
      if (!fault) return null;
      fault.count--;
      faults.failNext = faults.failNext.filter((one) => one.count > 0);
      return { code: fault.code, after: fault.after ?? false };
    });
  }

  /** Marks the host prepared; a second call in the same boot keeps the id. */
  prepare(): Promise<string> {
    return this.change((record) => (record.bootId ??= randomUUID()));
  }

  /** Read, change, write under the host's lock. */
  change<T>(work: (record: SimulatedHostRecord) => T): Promise<T> {
    return this.store.withLock(this.key, 'host', HOST_LOCK_MS, () => {
      const record = this.record();
      const result = work(record);
      this.store.writeHost(this.key, record);
      return result;
    });
  }

  private halt(id: string): void {
    const container = this.store.readContainer(this.key, id);
    // What is a checkpoint on its disk stays one.
    if (!container || container.state === 'checkpointed') return;
    for (const { address } of container.spec.addresses)
      this.store.releaseAddress(address, `${this.key}/${id}`);
    this.store.writeContainer(this.key, halted(container));
  }

  private draw(seed: number): number {
    if (this.random?.seed !== seed) this.random = { seed, next: mulberry32(seed) };
    return this.random.next();
  }
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
