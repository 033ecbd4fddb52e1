import type { ContainerRuntime } from './container-runtime';
import type { HostEndpoint } from './host-endpoint';
import { RuntimeError } from './runtime-error';
import type { SimulatedFleet } from './simulated/simulated-fleet';
import { SimulatedRuntime } from './simulated/simulated-runtime';
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
  const { host, fleet } = options;
  if (host.driver === 'simulated') {
    return { runtime: new SimulatedRuntime(fleet.host(host.id), host.name), close: async () => {} };
  }
  throw new RuntimeError('unsupported', `${host.name}: the lxc driver is not there yet`, {
    host: host.name,
    action: 'make a runtime',
  });
}
