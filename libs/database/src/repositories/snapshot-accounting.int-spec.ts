import { createTestDatabase, makeHost, makeWorld, orderServer, type TestDatabase } from '@berth/testing';
import type { World } from '@berth/testing';
import { HostEntity } from '../entities/host.entity';
import { ServerEntity } from '../entities/server.entity';
import { SnapshotEntity } from '../entities/snapshot.entity';
import { TenantEntity } from '../entities/tenant.entity';
import { newId } from '../new-id';
import { refusalOf } from '../postgres-error';

const MIB = 1024 ** 2;

/** All of it goes around the code: what Postgres itself holds. */
describe('what snapshots count for', () => {
  let database: TestDatabase;
  let world: World;
  let server: ServerEntity;
  let networks = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    world = await makeWorld(database.dataSource, {
      cidr: `10.81.${networks++}.0/24`,
      tenant: { quotaSnapshots: 2, quotaSnapshotBytes: 100 * MIB },
    });
    ({ server } = await orderServer(database.dataSource, world));
  });

  const em = () => database.dataSource.manager;
  const used = async () => {
    const tenant = await em().findOneByOrFail(TenantEntity, { id: world.tenant.id });
    const host = await em().findOneByOrFail(HostEntity, { id: world.host.id });
    const disk = host.usedDiskBytes - server.diskBytes;
    return { count: tenant.usedSnapshots, bytes: tenant.usedSnapshotBytes, disk };
  };

  async function insert(given: Partial<SnapshotEntity> = {}): Promise<string> {
    const id = newId();
    const { id: serverId, tenantId, templateId, planId, limits } = server;
    const of = { serverId, tenantId, templateId, planId, limits, features: [] };
    await em().insert(SnapshotEntity, {
      ...of,
      id,
      name: `snap-${id.slice(-12)}`,
      status: 'available',
      memory: false,
      sizeBytes: 0,
      ...given,
    } as never);
    return id;
  }

  it('counts them and their bytes for the tenant, and the bytes for the host, until they are deleted', async () => {
    const first = await insert({ sizeBytes: 10 * MIB });
    const second = await insert();
    expect(await used()).toEqual({ count: 2, bytes: 10 * MIB, disk: 10 * MIB });
    await em().update(SnapshotEntity, { id: second }, { sizeBytes: 30 * MIB });
    expect(await used()).toEqual({ count: 2, bytes: 40 * MIB, disk: 40 * MIB });
    await em().update(SnapshotEntity, { id: first }, { status: 'deleted', deletedAt: new Date() });
    expect(await used()).toEqual({ count: 1, bytes: 30 * MIB, disk: 30 * MIB });
    await em().delete(SnapshotEntity, { id: second });
    expect(await used()).toEqual({ count: 0, bytes: 0, disk: 0 });
  });

  it('refuses one more than the quota', async () => {
    await insert();
    await insert();
    const error = await insert().catch((thrown: unknown) => refusalOf(thrown));
    expect(error).toMatchObject({
      code: 'quota_exceeded',
      details: { resource: 'snapshots', limit: 2, used: 2, requested: 1 },
    });
    expect(await used()).toEqual({ count: 2, bytes: 0, disk: 0 });
  });

  it('lets those that are there grow over the quota of bytes, and refuses the next', async () => {
    const first = await insert();
    await em().update(SnapshotEntity, { id: first }, { sizeBytes: 100 * MIB });
    const error = await insert().catch((thrown: unknown) => refusalOf(thrown));
    expect(error).toMatchObject({
      code: 'quota_exceeded',
      details: { resource: 'snapshot_bytes', limit: 100 * MIB, used: 100 * MIB },
    });
    await em().update(SnapshotEntity, { id: first }, { sizeBytes: 120 * MIB });
    expect(await used()).toEqual({ count: 1, bytes: 120 * MIB, disk: 120 * MIB });
  });

  it('moves their bytes with their server to another host', async () => {
    await insert({ sizeBytes: 10 * MIB });
    const other = await makeHost(em(), world.location.id);
    await em().update(ServerEntity, { id: server.id }, { hostId: other.id });
    const [from, to] = await Promise.all(
      [world.host.id, other.id].map((id) => em().findOneByOrFail(HostEntity, { id })),
    );
    expect([from!.usedDiskBytes, to!.usedDiskBytes]).toEqual([0, server.diskBytes + 10 * MIB]);
  });

  it('ends a checkpoint with any other status, and has none without status frozen', async () => {
    const row = () => em().findOneByOrFail(ServerEntity, { id: server.id });
    await em().update(ServerEntity, { id: server.id }, { status: 'frozen', checkpointed: true });
    expect((await row()).checkpointed).toBe(true);
    await em().update(ServerEntity, { id: server.id }, { status: 'running' });
    expect((await row()).checkpointed).toBe(false);
    await expect(em().update(ServerEntity, { id: server.id }, { checkpointed: true })).rejects.toThrow(
      /servers_checkpointed/,
    );
  });
});
