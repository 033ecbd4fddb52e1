import type { ContainerRuntime } from './container-runtime';
import type { HostEndpoint } from './host-endpoint';
import { LxcRuntime } from './lxc/lxc-runtime';
import type { SimulatedFleet } from './simulated/simulated-fleet';
import { SimulatedRuntime } from './simulated/simulated-runtime';
import { SshConnection } from './ssh/ssh-connection';
import type { SshOptions } from './ssh/ssh-options';

/** A runtime and the connections that were opened for it alone. */
export interface OwnedRuntime {
  runtime: ContainerRuntime;
  close(): Promise<void>;
}

/** Makes the driver of a host. Connects to nothing before the first call. */
export function createRuntime(options: {
  host: HostEndpoint;
  fleet: SimulatedFleet;
  ssh?: SshOptions;
}): OwnedRuntime {
  const { host, fleet, ssh } = options;
  if (host.driver === 'simulated') {
    return { runtime: new SimulatedRuntime(fleet.host(host.id), host.name), close: async () => {} };
  }
  const connection = new SshConnection(host, ssh);
  return { runtime: new LxcRuntime(connection), close: () => connection.close() };
}
