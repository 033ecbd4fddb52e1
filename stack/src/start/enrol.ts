import { addSimulatedHostsLike, createDataSource } from '@berth/database';
import type { LabHost, LabState } from '@berth/lab';
import { readFileSync } from 'node:fs';

import type { ApiClient } from '../platform/api-client';
import { operationDone } from '../platform/operations';
import type { StackHost } from '../stack-file';
import { addPool, LAB_LOCATION } from './catalogue';

interface Enrolled {
  host: { id: string; name: string };
  operation: { id: string };
}

const ENROL_TIMEOUT_MS = 120_000;

/** One small machine plays several hosts, for servers that mostly idle, on sparse disks: room for a hundred all the same. */
const LAB_OVERCOMMIT = { cpus: 64, ram: 8, disk: 50 };

/** Enrols the lab's hosts as an operator would enrol real ones, and the lab's addresses for their servers. */
export async function enrolLab(operator: ApiClient, state: LabState): Promise<StackHost[]> {
  const location = LAB_LOCATION;
  await addPool(operator, { cidr: state.serverPool4, location, family: 4 });
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
    overcommit: LAB_OVERCOMMIT,
  });
  await operationDone(operator, enrolled.operation.id, ENROL_TIMEOUT_MS);
  return { id: enrolled.host.id, name: enrolled.host.name, address, port, user, privateKeyPath };
}

/**
 * Adds hosts of the simulated driver. The first is enrolled as any other; the rest are rows like its own, since a thousand
 * enrolments would keep both processors busy for half a minute to find out nothing new.
 */
export async function enrolSimulated(
  operator: ApiClient,
  postgresUrl: string,
  location: string,
  count: number,
): Promise<void> {
  const width = String(count).length;
  const numbers = Array.from({ length: count }, (_, index) => String(index + 1).padStart(width, '0'));
  const [first, ...others] = numbers.map((number) => `${location}-${number}`);
  if (first === undefined) return;
  await enrolSimulatedHost(operator, location, first);
  if (others.length === 0) return;
  const dataSource = createDataSource({ url: postgresUrl, poolSize: 1, applicationName: 'berth-stack' });
  await dataSource.initialize();
  try {
    await addSimulatedHostsLike(dataSource.manager, first, others);
  } finally {
    await dataSource.destroy();
  }
}

async function enrolSimulatedHost(operator: ApiClient, location: string, name: string): Promise<void> {
  const { operation } = await operator.post<Enrolled>('/v1/hosts', {
    name,
    address: `${name}.invalid`,
    port: 22,
    user: 'root',
    driver: 'simulated',
    location,
    capacity: { cpus: 64, ram_bytes: 256 * 2 ** 30, disk_bytes: 4 * 2 ** 40 },
  });
  await operationDone(operator, operation.id, ENROL_TIMEOUT_MS);
}
