import { unseal } from '@berth/database';
import {
  FileStore,
  RuntimeError,
  RuntimePool,
  SimulatedFleet,
  type ContainerRuntime,
  type HostEndpoint,
} from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { InjectOptions, type WorkerOptions } from '../core/worker-options';
import type { HostRecord } from './host-record';

/** A host that hangs is noticed after some ten seconds; the defaults suit people, not a control loop. */
const TIMES = { connectTimeoutMs: 5000, keepaliveMs: 3000 };
const CHANNELS_A_CONNECTION = 6;
/** Beyond one for each operation at a time: for the observer and for imports. */
const SPARE_CHANNELS = 4;
const EXEC_CONNECTIONS = 2;
/** For some fifty consoles on a host, by this worker. */
const CONSOLE_CONNECTIONS = 8;

/**
 * Commands that customers run, for an hour each if they like, and consoles have connections of their own: they must hold up
 * nothing.
 */
export type Purpose = 'operate' | 'exec' | 'console';

/** Runtimes of hosts, with their connections. The only place that opens hosts' sealed keys. */
@Injectable()
export class HostRuntimes {
  private readonly pools: Record<Purpose, RuntimePool>;
  /** The newest that was seen of each host: what its runtimes are made with. */
  private readonly records = new Map<string, HostRecord>();

  constructor(@InjectOptions() private readonly options: WorkerOptions) {
    const fleet = options.fleet ?? this.openFleet();
    const channels = options.config.concurrency + SPARE_CHANNELS;
    const maxConnections = Math.ceil(channels / CHANNELS_A_CONNECTION);
    this.pools = {
      operate: new RuntimePool({ fleet, ssh: { ...TIMES, maxConnections } }),
      exec: new RuntimePool({ fleet, ssh: { ...TIMES, maxConnections: EXEC_CONNECTIONS } }),
      console: new RuntimePool({ fleet, ssh: { ...TIMES, maxConnections: CONSOLE_CONNECTIONS } }),
    };
  }

  /**
   * The same object until the host's address, user or keys change. Connects to nothing yet. Who comes with an older record
   * gets the runtime of the newest: two who see the host differently must not close each other's connections in turn.
   */
  of(host: HostRecord, purpose: Purpose = 'operate'): ContainerRuntime {
    const known = this.records.get(host.id);
    const record = known && known.version > host.version ? known : host;
    if (known && known.privateKeySealed !== record.privateKeySealed) void this.forget(host.id);
    this.records.set(host.id, record);
    return this.pools[purpose].get(this.endpointOf(record));
  }

  /** Closes the host's connections. */
  async forget(hostId: string): Promise<void> {
    this.records.delete(hostId);
    await Promise.all(Object.values(this.pools).map((pool) => pool.forget(hostId)));
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.pools).map((pool) => pool.close()));
  }

  private endpointOf(host: HostRecord): HostEndpoint {
    const { id, name, driver, address, port, user, privateKeySealed } = host;
    return {
      id,
      name,
      driver,
      address,
      port,
      user,
      privateKey: () => this.openKey(name, privateKeySealed),
      hostKeyFingerprint: host.hostKeyFingerprint ?? '',
    };
  }

  private async openKey(name: string, sealed: string | null): Promise<string> {
    if (sealed === null) return '';
    try {
      return await unseal(this.options.config, sealed);
    } catch (cause) {
      const message = `${name}: its private key was sealed for another worker key: enrol the host again`;
      throw new RuntimeError(
        'auth_failed',
        message,
        { host: name, action: 'open its private key' },
        { cause },
      );
    }
  }

  private openFleet(): SimulatedFleet {
    const { simulatedDir } = this.options.config;
    const store = simulatedDir === null ? undefined : new FileStore(simulatedDir);
    return new SimulatedFleet(store, { fetchTemplates: false });
  }
}
