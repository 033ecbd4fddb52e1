import type { LabHost, LabState } from '@berth/lab';
import { readFileSync } from 'node:fs';

import type { ApiClient } from '../platform/api-client';
import { inParallel } from '../platform/in-parallel';
import { operationDone } from '../platform/operations';
import type { StackHost } from '../stack-file';
import { addPool, LAB_LOCATION } from './catalogue';

interface Enrolled {
  host: { id: string; name: string };
  operation: { id: string };
}

const ENROL_TIMEOUT_MS = 120_000;
/** Requests in flight when many simulated hosts are enrolled: what the API's database connections can use. */
const ENROL_CONCURRENCY = 40;

/** Enrols the lab's hosts as an operator would enrol real ones, and the lab's addresses for their servers. */
export async function enrolLab(operator: ApiClient, state: LabState): Promise<StackHost[]> {
  const location = LAB_LOCATION;
  await addPool(operator, { cidr: state.serverPool4, location, family: 4, gateway: state.gateway4 });
  await addPool(operator, { cidr: state.serverPool6, location, family: 6 });
  return Promise.all(state.hosts.map((host) => enrolLabHost(operator, host)));
}

async function enrolLabHost(operator: ApiClient, host: LabHost): Promise<StackHost> {
  const { name, address, port, user, privateKeyPath } = host;
  const enrolled = await operator.post<Enrolled>('/v1/hosts', {
    name,
    address,
    port,
    user,
    private_key: readFileSync(privateKeyPath, 'utf8'),
    host_key_fingerprint: host.hostKeyFingerprint,
    driver: 'lxc',
    location: LAB_LOCATION,
  });
  await operationDone(operator, enrolled.operation.id, ENROL_TIMEOUT_MS);
  return { id: enrolled.host.id, name: enrolled.host.name, address, port, user, privateKeyPath };
}

/** Enrols hosts of the simulated driver, by the same route as any other: what the API promises holds for them as well. */
export async function enrolSimulated(operator: ApiClient, location: string, count: number): Promise<void> {
  const width = String(count).length;
  const numbers = Array.from({ length: count }, (_, index) => String(index + 1).padStart(width, '0'));
  const operations = await inParallel(numbers, ENROL_CONCURRENCY, async (number) => {
    const { operation } = await operator.post<Enrolled>('/v1/hosts', {
      name: `${location}-${number}`,
      address: `${location}-${number}.invalid`,
      port: 22,
      user: 'root',
      driver: 'simulated',
      location,
      capacity: { cpus: 64, ram_bytes: 256 * 2 ** 30, disk_bytes: 4 * 2 ** 40 },
    });
    return operation.id;
  });
  await inParallel(operations, ENROL_CONCURRENCY, (id) => operationDone(operator, id, ENROL_TIMEOUT_MS));
}
