import type { ContainerRuntime } from './container-runtime';
import { createRuntime } from './create-runtime';
import type { OwnedRuntime } from './create-runtime';
import type { HostEndpoint } from './host-endpoint';
import { SimulatedFleet } from './simulated/simulated-fleet';
import type { SshOptions } from './ssh/ssh-options';

interface Entry {
  identity: string;
  owned: OwnedRuntime;
}

/** One runtime, and with it one pool of SSH connections, a host; made on first use. */
export class RuntimePool {
  private readonly entries = new Map<string, Entry>();
  private readonly fleet: SimulatedFleet;

  constructor(private readonly options: { fleet?: SimulatedFleet; ssh?: SshOptions } = {}) {
    this.fleet = options.fleet ?? new SimulatedFleet();
  }

  /** The same object for the same endpoint; one whose address, user or keys changed is let go and made anew. */
  get(host: HostEndpoint): ContainerRuntime {
    const identity = identityOf(host);
    const known = this.entries.get(host.id);
    if (known?.identity === identity) return known.owned.runtime;
    if (known) void known.owned.close();
    const owned = createRuntime({ host, fleet: this.fleet, ssh: this.options.ssh });
    this.entries.set(host.id, { identity, owned });
    return owned.runtime;
  }

  /** Closes the host's connections; unknown is success. */
  async forget(hostId: string): Promise<void> {
    const entry = this.entries.get(hostId);
    this.entries.delete(hostId);
    await entry?.owned.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.entries.keys()].map((id) => this.forget(id)));
  }
}

function identityOf(host: HostEndpoint): string {
  const { driver, name, address, port, user, hostKeyFingerprint, privateKey } = host;
  const key = typeof privateKey === 'string' ? privateKey : '';
  return JSON.stringify([driver, name, address, port, user, hostKeyFingerprint, key]);
}
