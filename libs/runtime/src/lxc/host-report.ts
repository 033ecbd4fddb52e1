import { capabilitySchema } from '@berth/contracts';
import type { Capability } from '@berth/contracts';
import type { ContainerState, HostFacts, HostSnapshot } from '../container-runtime';

const ARCHITECTURES: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64' };

/** `key value` lines of `berth_inspect_host`. */
export function parseHostFacts(output: string): HostFacts {
  const facts = new Map<string, string>();
  const versions: Record<string, string> = {};
  const capabilities: Capability[] = ['exec', 'ipv4'];
  for (const line of output.trim().split('\n')) {
    const [key = '', first = '', second = ''] = line.split(' ');
    if (key === 'version') versions[first] = second;
    else if (key === 'capability') capabilities.push(capabilitySchema.parse(first));
    else facts.set(key, first);
  }
  const text = (key: string) => facts.get(key) ?? '';
  const number = (key: string) => Number(facts.get(key));
  return {
    hostname: text('hostname'),
    kernel: text('kernel'),
    architecture: ARCHITECTURES[text('architecture')] ?? text('architecture'),
    cgroup: text('cgroup') === 'v2' ? 'v2' : 'v1',
    cpus: number('cpus'),
    ramBytes: number('ram_bytes'),
    disk: { totalBytes: number('disk_total'), freeBytes: number('disk_free') },
    versions,
    capabilities,
  };
}

/** `boot` and `ct` lines of `berth_snapshot_host`. */
export function parseSnapshot(output: string): HostSnapshot {
  const snapshot: HostSnapshot = { bootId: null, containers: [] };
  for (const line of output.split('\n')) {
    const [key, id = '', state, fence] = line.split(' ');
    if (key === 'boot') snapshot.bootId = id;
    if (key === 'ct') snapshot.containers.push({ id, state: state as ContainerState, fence: Number(fence) });
  }
  return snapshot;
}
