import { allCapabilities, type Limits } from '@berth/contracts';
import {
  allocateAddresses,
  insertNewServer,
  createOperation,
  HostEntity,
  inTransaction,
  IpPoolEntity,
  LocationEntity,
  newId,
  PlanEntity,
  ServerEntity,
  TemplateEntity,
  TenantEntity,
  type OperationEntity,
} from '@berth/database';
import { demandOf, parsePool } from '@berth/domain';
import type { DataSource, EntityManager } from 'typeorm';

const GIB = 1024 ** 3;

export const testLimits: Limits = {
  cpu_units: 1000,
  cpu_limit_percent: 50,
  ram_bytes: GIB / 4,
  disk_bytes: GIB,
  num_proc: 256,
};

export interface World {
  location: LocationEntity;
  tenant: TenantEntity;
  plan: PlanEntity;
  template: TemplateEntity;
  host: HostEntity;
  pool: IpPoolEntity;
}

/** A location with one active simulated host, a pool, a plan, a template and a tenant with ample quota; fields can be given. */
export async function makeWorld(
  dataSource: DataSource,
  given: {
    host?: Partial<HostEntity>;
    tenant?: Partial<TenantEntity>;
    cidr?: string;
    template?: Partial<TemplateEntity>;
  } = {},
): Promise<World> {
  const em = dataSource.manager;
  const unique = newId().slice(-8);
  const location = await em.save(
    em.create(LocationEntity, { id: newId(), name: `loc-${unique}`, nextIdSlot: 0 }),
  );
  const tenant = await em.save(
    em.create(TenantEntity, {
      id: newId(),
      name: `tenant-${unique}`,
      externalId: null,
      status: 'active',
      quotaServers: 10_000,
      quotaCpus: 100_000,
      quotaRamBytes: 100_000 * GIB,
      quotaDiskBytes: 1_000_000 * GIB,
      quotaIpv4: 10_000,
      ...given.tenant,
    }),
  );
  const plan = await em.save(
    em.create(PlanEntity, {
      id: newId(),
      name: `plan-${unique}`,
      description: '',
      limits: testLimits,
      deletedAt: null,
    }),
  );
  const template = await em.save(
    em.create(TemplateEntity, {
      id: newId(),
      name: `template-${unique}`,
      description: '',
      source: 'file:///nowhere/template.tar',
      sha256: 'a'.repeat(64),
      compression: 'none',
      architecture: 'amd64',
      deletedAt: null,
      ...given.template,
    }),
  );
  const { cidr, family, units } = parsePool(given.cidr ?? '10.200.0.0/16');
  const pool = await em.save(
    em.create(IpPoolEntity, {
      id: newId(),
      cidr,
      family,
      locationId: location.id,
      gateway: null,
      nextUnit: 0,
      units,
    }),
  );
  const host = await makeHost(em, location.id, given.host);
  return { location, tenant, plan, template, host, pool };
}

export async function makeHost(
  em: EntityManager,
  locationId: string,
  given: Partial<HostEntity> = {},
): Promise<HostEntity> {
  const id = newId();
  return em.save(
    em.create(HostEntity, {
      id,
      name: `host-${id.slice(-12)}`,
      driver: 'simulated',
      locationId,
      address: '192.0.2.1',
      port: 22,
      user: 'root',
      hostKeyFingerprint: null,
      privateKeySealed: null,
      state: 'active',
      reachable: true,
      lastSeenAt: null,
      lastError: null,
      bootId: null,
      architecture: 'amd64',
      facts: null,
      capabilities: [...allCapabilities],
      statedCpus: null,
      statedRamBytes: null,
      statedDiskBytes: null,
      capacityCpus: 1000,
      capacityRamBytes: 1000 * GIB,
      capacityDiskBytes: 10_000 * GIB,
      overcommitCpus: 1,
      overcommitRam: 1,
      overcommitDisk: 1,
      observerId: null,
      observerUntil: null,
      ...given,
    }),
  );
}

/**
 * What the API's order does, on the world's host: a server in `creating`, its addresses and its create operation; with a
 * snapshot's id, the one of a clone.
 */
export async function orderServer(
  dataSource: DataSource,
  world: World,
  given: Partial<ServerEntity> = {},
  input: { start?: boolean; sealed_root_password?: string | null; snapshot_id?: string } = {},
): Promise<{ server: ServerEntity; operation: OperationEntity }> {
  return inTransaction(dataSource, async (em) => {
    const demand = demandOf(given.limits ?? world.plan.limits);
    const id = newId();
    const server = await insertNewServer(em, {
      id,
      tenantId: world.tenant.id,
      locationId: world.location.id,
      hostId: world.host.id,
      planId: world.plan.id,
      templateId: world.template.id,
      name: `server-${id.slice(-12)}`,
      hostname: `server-${id.slice(-12)}`,
      status: 'creating',
      checkpointed: false,
      desiredState: 'running',
      limits: world.plan.limits,
      cpus: demand.cpus,
      ramBytes: demand.ram_bytes,
      diskBytes: demand.disk_bytes,
      sshKeys: [],
      features: [],
      devices: [],
      labels: {},
      externalId: null,
      orderDigest: null,
      onboot: true,
      bootOrder: 0,
      protectionDelete: false,
      ...given,
    });
    // The database's to say, but for a test of what lies back.
    const { createdAt } = given;
    if (createdAt) await em.update(ServerEntity, { id }, { createdAt });
    await allocateAddresses(em, {
      locationId: world.location.id,
      serverId: id,
      tenantId: world.tenant.id,
      wanted: [{ family: 4, isPrimary: true }],
    });
    const operation = await createOperation(em, {
      kind: input.snapshot_id ? 'clone_server' : 'create_server',
      serverId: id,
      hostId: server.hostId,
      tenantId: server.tenantId,
      requestedBy: 'test',
      requestId: 'test',
      input: { start: true, sealed_root_password: null, ...input },
    });
    return { server, operation };
  });
}
