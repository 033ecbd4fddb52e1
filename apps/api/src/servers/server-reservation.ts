import type { Feature, Limits, ServerView } from '@berth/contracts';
import {
  allocateAddresses,
  insertNewServer,
  lockTenant,
  newId,
  ServerEntity,
  type TenantEntity,
} from '@berth/database';
import { BerthError, demandOf, UNIT_PREFIX } from '@berth/domain';
import type { EntityManager } from 'typeorm';

/** What a new server is to be, whatever its files come from. */
export interface ServerWish {
  tenantId: string;
  locationId: string;
  hostId: string;
  planId: string;
  templateId: string;
  limits: Limits;
  features: Feature[];
  name: string;
  sshKeys: string[];
  labels: Record<string, string>;
  externalId: string | null;
  orderDigest: string | null;
  start: boolean;
  onboot: boolean;
  bootOrder: number;
}

/** The first lock of an order. Throws `forbidden` where the tenant gets no servers. */
export async function lockActiveTenant(em: EntityManager, tenantId: string): Promise<TenantEntity> {
  const tenant = await lockTenant(em, tenantId);
  if (tenant.status === 'active') return tenant;
  throw new BerthError('forbidden', `the tenant is ${tenant.status}: it gets no servers`, {
    tenant_status: tenant.status,
  });
}

/** Its row and id range, in status `creating`; the host's row is locked. Throws `quota_exceeded`, `no_capacity`. */
export async function insertServer(em: EntityManager, wish: ServerWish): Promise<ServerEntity> {
  const { start, ...rest } = wish;
  const demand = demandOf(wish.limits);
  return insertNewServer(em, {
    ...rest,
    id: newId(),
    hostname: wish.name,
    status: 'creating',
    checkpointed: false,
    desiredState: start ? 'running' : 'stopped',
    cpus: demand.cpus,
    ramBytes: demand.ram_bytes,
    diskBytes: demand.disk_bytes,
    devices: [],
    protectionDelete: false,
  });
}

/** The first of each family is its primary. One of each family at a time: nearly all orders are for no more. */
export async function giveAddresses(
  em: EntityManager,
  server: ServerEntity,
  count: { ipv4: number; ipv6: number },
): Promise<ServerView['addresses']> {
  const { locationId, tenantId, id: serverId } = server;
  const given: ServerView['addresses'] = [];
  for (let turn = 0; turn < Math.max(count.ipv4, count.ipv6); turn++) {
    const isPrimary = turn === 0;
    const families = ([4, 6] as const).filter((family) => turn < count[`ipv${family}`]);
    const wanted = families.map((family) => ({ family, isPrimary }));
    for (const [family, address] of await allocateAddresses(em, { locationId, serverId, tenantId, wanted }))
      given.push({ address, family, prefix: UNIT_PREFIX[family], rdns: null, primary: isPrimary });
  }
  return given.sort((one, other) => one.family - other.family);
}
