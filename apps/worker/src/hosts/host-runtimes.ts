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
const SSH = { connectTimeoutMs: 5000, keepaliveMs: 3000 };

/** Runtimes of hosts, with their connections. The only place that opens hosts' sealed keys. */
@Injectable()
export class HostRuntimes {
  private readonly pool: RuntimePool;
  /** The sealed key that each host's runtime was made with. */
  private readonly sealedKeys = new Map<string, string | null>();

  constructor(@InjectOptions() private readonly options: WorkerOptions) {
    this.pool = new RuntimePool({ fleet: options.fleet ?? this.openFleet(), ssh: SSH });
  }

  /** The same object until the host's address, user or keys change. Connects to nothing yet. */
  of(host: HostRecord): ContainerRuntime {
    const known = this.sealedKeys.get(host.id);
    if (known !== undefined && known !== host.privateKeySealed) void this.pool.forget(host.id);
    this.sealedKeys.set(host.id, host.privateKeySealed);
    return this.pool.get(this.endpointOf(host));
  }

  /** Closes the host's connections. */
  async forget(hostId: string): Promise<void> {
    this.sealedKeys.delete(hostId);
    await this.pool.forget(hostId);
  }

  async close(): Promise<void> {
    await this.pool.close();
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
