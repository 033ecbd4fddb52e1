import type { Capability } from '@berth/contracts';
import { parsePool } from '@berth/domain';
import {
  createTestDatabase,
  makeHost,
  makeWorld,
  orderServer,
  testLimits,
  type TestDatabase,
  type World,
} from '@berth/testing';
import { AddressEntity } from '../entities/address.entity';
import { HostEntity } from '../entities/host.entity';
import { IpPoolEntity } from '../entities/ip-pool.entity';
import { ServerEntity } from '../entities/server.entity';
import { TenantEntity } from '../entities/tenant.entity';
import { newId } from '../new-id';
import { refusalOf } from '../postgres-error';
import { inTransaction } from '../transaction';
import { allocateAddresses } from './address.repository';
import { placeServer } from './placement.repository';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase({ poolSize: 20 })));
afterAll(async () => database.drop());

const tenantOf = (world: World) =>
  database.dataSource.manager.findOneByOrFail(TenantEntity, { id: world.tenant.id });
const hostOf = (world: World) =>
  database.dataSource.manager.findOneByOrFail(HostEntity, { id: world.host.id });
const code = (error: unknown) => refusalOf(error)?.code ?? (error as { code?: string }).code;

it('gives each of many orders at once another address, and refuses cleanly when none is left', async () => {
  const world = await makeWorld(database.dataSource, { cidr: '10.1.0.0/27' }); // 30 usable
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, () => orderServer(database.dataSource, world)),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused.map(({ reason }) => code(reason))).toEqual(Array.from({ length: 70 }, () => 'no_capacity'));
  const addresses = await database.dataSource.manager.findBy(AddressEntity, { poolId: world.pool.id });
  expect(new Set(addresses.map(({ address }) => address)).size).toBe(30);
  expect((await tenantOf(world)).usedIpv4).toBe(30);
  expect((await hostOf(world)).usedServers).toBe(30);
  const slots = await database.dataSource.manager.findBy(ServerEntity, { locationId: world.location.id });
  expect(new Set(slots.map(({ idSlot }) => idSlot)).size).toBe(30);
});

it('gives out again what was given back, the longest free first', async () => {
  const world = await makeWorld(database.dataSource, { cidr: '10.2.0.0/30' });
  const { dataSource } = database;
  const first = (await orderServer(dataSource, world)).server;
  const second = (await orderServer(dataSource, world)).server;
  const addressOf = async (server: ServerEntity) =>
    (await dataSource.manager.findOneByOrFail(AddressEntity, { serverId: server.id })).address;
  const freed = [await addressOf(second), await addressOf(first)];
  for (const server of [second, first]) {
    await inTransaction(dataSource, async (em) => {
      await em.query(
        `UPDATE addresses SET server_id = NULL, tenant_id = NULL, assigned_at = NULL, released_at = now() WHERE server_id = $1`,
        [server.id],
      );
      await em.update(ServerEntity, { id: server.id }, { status: 'deleted', deletedAt: new Date() });
    });
  }
  expect((await tenantOf(world)).usedIpv4).toBe(0);
  const again = [
    (await orderServer(dataSource, world)).server,
    (await orderServer(dataSource, world)).server,
  ];
  expect([await addressOf(again[0]!), await addressOf(again[1]!)]).toEqual(freed);
});

it.each([
  ['servers', { quotaServers: 0 }, 0],
  ['cpus', { quotaCpus: 0.4 }, 0.4],
  ['ram_bytes', { quotaRamBytes: 1000 }, 1000],
  ['disk_bytes', { quotaDiskBytes: 1000 }, 1000],
  ['ipv4', { quotaIpv4: 0 }, 0],
])('refuses an order over the quota of %s, in the database itself', async (resource, tenant, limit) => {
  const octet = 10 + ['servers', 'cpus', 'ram_bytes', 'disk_bytes', 'ipv4'].indexOf(resource);
  const world = await makeWorld(database.dataSource, { tenant, cidr: `10.${octet}.0.0/24` });
  const error: unknown = await orderServer(database.dataSource, world).catch((refused: unknown) => refused);
  expect(refusalOf(error)).toMatchObject({ code: 'quota_exceeded', details: { resource, limit, used: 0 } });
  expect((await tenantOf(world)).usedServers).toBe(0);
});

it('counts a change of size and a delete, down to nothing', async () => {
  const world = await makeWorld(database.dataSource, { cidr: '10.20.0.0/24' });
  const { server } = await orderServer(database.dataSource, world);
  await database.dataSource.manager.update(ServerEntity, { id: server.id }, { cpus: 2, ramBytes: 4096 });
  expect(await tenantOf(world)).toMatchObject({ usedServers: 1, usedCpus: 2, usedRamBytes: 4096 });
  expect(await hostOf(world)).toMatchObject({ usedServers: 1, usedCpus: 2, usedRamBytes: 4096 });
  await database.dataSource.manager.update(
    ServerEntity,
    { id: server.id },
    { status: 'deleted', deletedAt: new Date() },
  );
  expect(await tenantOf(world)).toMatchObject({
    usedServers: 0,
    usedCpus: 0,
    usedRamBytes: 0,
    usedDiskBytes: 0,
  });
  expect(await hostOf(world)).toMatchObject({
    usedServers: 0,
    usedCpus: 0,
    usedRamBytes: 0,
    usedDiskBytes: 0,
  });
});

it('refuses in the database what a host has no room for', async () => {
  const world = await makeWorld(database.dataSource, {
    cidr: '10.21.0.0/24',
    host: { capacityRamBytes: testLimits.ram_bytes! },
  });
  await orderServer(database.dataSource, world);
  const error: unknown = await orderServer(database.dataSource, world).catch((refused: unknown) => refused);
  expect(refusalOf(error)).toMatchObject({ code: 'no_capacity', details: { resource: 'ram_bytes' } });
});

it('never fills a host over its capacity, however many place at once', async () => {
  const world = await makeWorld(database.dataSource, { cidr: '10.22.0.0/24', host: { capacityCpus: 2 } });
  await makeHost(database.dataSource.manager, world.location.id, { capacityCpus: 3 });
  const place = () =>
    inTransaction(database.dataSource, async (em) => {
      const demand = { cpus: 0.5, ram_bytes: 1024, disk_bytes: 1024 };
      const host = await placeServer(em, {
        locationId: world.location.id,
        architecture: 'amd64',
        demand,
        capabilities: [],
      });
      await em.query('UPDATE hosts SET used_cpus = used_cpus + 0.5 WHERE id = $1', [host.id]);
    });
  const results = await Promise.allSettled(Array.from({ length: 30 }, place));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  for (const result of results)
    if (result.status === 'rejected') expect(code(result.reason)).toBe('no_capacity');
});

it('says why no host came out', async () => {
  const world = await makeWorld(database.dataSource, {
    cidr: '10.23.0.0/24',
    host: { capabilities: ['exec'] },
  });
  const demand = { cpus: 1, ram_bytes: 1024, disk_bytes: 1024 };
  const ask = (architecture: string, capabilities: Capability[] = []) =>
    inTransaction(database.dataSource, (em) =>
      placeServer(em, { locationId: world.location.id, architecture, demand, capabilities }),
    );
  await expect(ask('arm64')).rejects.toMatchObject({
    code: 'no_capacity',
    message: expect.stringContaining('arm64') as string,
  });
  await expect(ask('amd64', ['limit:num_proc'])).rejects.toMatchObject({
    code: 'unsupported',
    details: { capability: 'limit:num_proc' },
  });
  await database.dataSource.manager.update(HostEntity, { id: world.host.id }, { state: 'cordoned' });
  await expect(ask('amd64')).rejects.toMatchObject({
    code: 'no_capacity',
    message: expect.stringContaining('takes orders') as string,
  });
});

it('holds an address for one server only, whoever writes', async () => {
  const world = await makeWorld(database.dataSource, { cidr: '10.24.0.0/24' });
  const { server } = await orderServer(database.dataSource, world);
  const { address } = await database.dataSource.manager.findOneByOrFail(AddressEntity, {
    serverId: server.id,
  });
  await expect(
    database.dataSource.query(
      `INSERT INTO addresses (pool_id, address, family, prefix) VALUES ($1, $2, 4, 32)`,
      [world.pool.id, address],
    ),
  ).rejects.toMatchObject({ driverError: { code: '23505' } });
  await expect(
    inTransaction(database.dataSource, (em) =>
      allocateAddresses(em, {
        locationId: world.location.id,
        serverId: server.id,
        tenantId: world.tenant.id,
        wanted: [{ family: 6, isPrimary: true }],
      }),
    ),
  ).rejects.toMatchObject({ code: 'no_capacity', details: { resource: 'ipv6' } });
});

it('gives an address of each family at once, and none where one of them has none left', async () => {
  const world = await makeWorld(database.dataSource, { cidr: '10.25.0.0/30' });
  const { server } = await orderServer(database.dataSource, world);
  const six = { id: newId(), locationId: world.location.id, gateway: null, ...parsePool('fd00:25::/62') };
  await database.dataSource.manager.insert(IpPoolEntity, { ...six, nextUnit: 0 });
  const both = () =>
    inTransaction(database.dataSource, (em) =>
      allocateAddresses(em, {
        locationId: world.location.id,
        serverId: server.id,
        tenantId: world.tenant.id,
        wanted: [
          { family: 6, isPrimary: true },
          { family: 4, isPrimary: false },
        ],
      }),
    );
  const used = async (): Promise<string[]> =>
    (await database.dataSource.manager.findBy(AddressEntity, { serverId: server.id }))
      .map(({ address }) => address)
      .sort();
  expect([...(await both())].sort()).toEqual([
    [4, '10.25.0.2'],
    [6, 'fd00:25::1'],
  ]);
  await expect(both()).rejects.toMatchObject({ code: 'no_capacity', details: { resource: 'ipv4' } });
  expect(await used()).toEqual(['10.25.0.1', '10.25.0.2', 'fd00:25::1']);
  // What is given back is used again before what is fresh, of each family.
  await database.dataSource.query(
    `UPDATE addresses SET server_id = NULL, tenant_id = NULL, is_primary = false, assigned_at = NULL, released_at = now()
      WHERE server_id = $1 AND host(address) <> '10.25.0.1'`,
    [server.id],
  );
  expect([...(await both())].sort()).toEqual([
    [4, '10.25.0.2'],
    [6, 'fd00:25::1'],
  ]);
});
