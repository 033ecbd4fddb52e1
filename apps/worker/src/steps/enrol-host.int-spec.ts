import {
  createOperation,
  HostEntity,
  inTransaction,
  newId,
  seal,
  type OperationEntity,
} from '@berth/database';
import { freePort } from '@berth/stack';
import { makeHost, type World } from '@berth/testing';
import { openBench, type TestBench } from '../testing/test-worker';

jest.setTimeout(60_000);

let bench: TestBench;
let world: World;

beforeAll(async () => {
  bench = await openBench();
  world = await bench.world();
  await bench.worker();
});
afterAll(async () => bench.close());

const db = () => bench.database.dataSource.manager;

async function enrol(given: Partial<HostEntity>, before?: (hostId: string) => Promise<void>) {
  const host = await makeHost(db(), world.location.id, {
    state: 'enrolling',
    reachable: false,
    architecture: null,
    capabilities: [],
    capacityCpus: 0,
    ...given,
  });
  await before?.(host.id);
  const operation = await inTransaction(bench.database.dataSource, (em) =>
    createOperation(em, {
      kind: 'enrol_host',
      serverId: null,
      hostId: host.id,
      tenantId: null,
      requestedBy: 'test',
      requestId: 'test',
      input: {},
    }),
  );
  const ended: OperationEntity = await bench.ended(operation.id);
  return { ended, host: await db().findOneByOrFail(HostEntity, { id: host.id }) };
}

const machine = (hostId: string) => bench.fleet.host(hostId);

it('opens a host for orders, with the capacity that it reports', async () => {
  const { ended, host } = await enrol({}, (id) =>
    machine(id).setSize({ cpus: 12, ramBytes: 2 ** 35, diskBytes: 2 ** 40 }),
  );
  expect(ended).toMatchObject({ status: 'succeeded' });
  expect(host).toMatchObject({
    state: 'active',
    reachable: true,
    architecture: 'amd64',
    capacityCpus: 12,
    capacityRamBytes: 2 ** 35,
    capacityDiskBytes: 2 ** 40,
    bootId: machine(host.id).record().bootId,
    lastError: null,
  });
  expect(host.capabilities).toContain('limit:ram_bytes');
  expect(host.facts).toMatchObject({ kernel: 'simulated' });
});

it('keeps the capacity that the operator stated', async () => {
  const { host } = await enrol({ statedCpus: 3, statedRamBytes: 1000, statedDiskBytes: 2000 });
  expect(host).toMatchObject({ capacityCpus: 3, capacityRamBytes: 1000, capacityDiskBytes: 2000 });
});

it.each([
  ['unreachable', (id: string) => machine(id).cut()],
  ['host_unsuitable', (id: string) => machine(id).failNext('inspectHost', 'host_unsuitable')],
  ['no_space', (id: string) => machine(id).setSize({ diskBytes: 1000 })],
  ['no_space', (id: string) => machine(id).setSize({ cpus: 0 })],
  ['command_failed', (id: string) => machine(id).failNext('prepareHost', 'command_failed')],
])('ends with %s at the first try, and says why on the host', async (code, spoil) => {
  const { ended, host } = await enrol({}, async (id) => void (await spoil(id)));
  expect(ended).toMatchObject({ status: 'failed', error: { code }, attempt: 1 });
  expect(host).toMatchObject({ state: 'error', reachable: false, lastError: ended.error?.message });
  expect(ended.error?.message).toContain(host.name);
});

it.each([
  ['the address of nobody', null],
  ['a pinned key', 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
])('ends soon where a host of the lxc driver does not answer: %s', async (_, hostKeyFingerprint) => {
  const privateKeySealed = await seal(bench.keys.publicKey, 'no key');
  const port = await freePort();
  const { ended, host } = await enrol({
    driver: 'lxc',
    address: '127.0.0.1',
    port,
    privateKeySealed,
    hostKeyFingerprint,
    name: `lxc-${newId().slice(-6)}`,
  });
  expect(ended.status).toBe('failed');
  expect(['unreachable', 'auth_failed']).toContain(ended.error?.code);
  expect(ended.error?.message).toContain(host.name);
  expect(host.state).toBe('error');
});
