import { HostEntity, IpPoolEntity, refusalOf } from '@berth/database';
import { eventually, makeHost } from '@berth/testing';
import { SimulatedPlatform } from './simulated-platform';

jest.setTimeout(180_000);

const ORDERS = 1000;
const ADDRESSES = 100;
const HOSTS = 10;

let platform: SimulatedPlatform;
beforeAll(async () => (platform = await SimulatedPlatform.open({ cidr: '10.91.0.0/24' })));
afterAll(async () => platform.close());

it('1,000 orders at once for 100 addresses: 100 servers, 900 refusals, no address twice, nothing unfinished', async () => {
  const { manager } = platform.database.dataSource;
  // Of 102 the first and the last are the network's own.
  await manager.update(IpPoolEntity, { id: platform.world.pool.id }, { units: ADDRESSES + 2 });
  const hosts: HostEntity[] = [platform.world.host];
  while (hosts.length < HOSTS) hosts.push(await makeHost(manager, platform.world.location.id));
  await platform.worker();
  await platform.worker();

  const results = await Promise.allSettled(
    Array.from({ length: ORDERS }, (_, index) => platform.order({ hostId: hosts[index % HOSTS]!.id })),
  );
  const refusals = results.filter((result) => result.status === 'rejected');
  const codes = new Set(
    refusals.map(({ reason }) => refusalOf(reason)?.code ?? (reason as { code?: string }).code),
  );
  expect(refusals).toHaveLength(ORDERS - ADDRESSES);
  expect([...codes]).toEqual(['no_capacity']);

  await eventually('all operations to end', async () => (await platform.held()).unfinished === 0, {
    timeoutMs: 120_000,
  });
  expect(await platform.outcomes()).toEqual({ succeeded: ADDRESSES });
  expect(await platform.held()).toEqual({ addresses: ADDRESSES, servers: ADDRESSES, unfinished: 0 });
  const containers = hosts.flatMap(({ id }) => platform.fleet.host(id).containers());
  expect(containers.filter(({ state }) => state === 'running')).toHaveLength(ADDRESSES);
  const addresses = containers.flatMap(({ spec }) => spec.addresses.map(({ address }) => address));
  expect(new Set(addresses).size).toBe(ADDRESSES);
  expect(platform.fleet.violations()).toEqual([]);
});
