import { BerthError, UNIT_PREFIX, unitAddress, type AddressFamily } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { AddressEntity } from '../entities/address.entity';
import { IpPoolEntity } from '../entities/ip-pool.entity';

export interface AddressRequest {
  locationId: string;
  serverId: string;
  tenantId: string;
  family: AddressFamily;
  /** Of its family, the one that the server is known by. */
  isPrimary: boolean;
}

/** One that was given back, the longest free first, so that an old owner's traffic has time to end. */
async function takeFreed(em: EntityManager, request: AddressRequest): Promise<AddressEntity | null> {
  const [rows]: [{ id: string }[], number] = await em.query(
    `UPDATE addresses SET server_id = $1, tenant_id = $2, is_primary = $3, assigned_at = now(), released_at = NULL, rdns = NULL
      WHERE id = (SELECT a.id FROM addresses a JOIN ip_pools p ON p.id = a.pool_id
                   WHERE a.server_id IS NULL AND p.location_id = $4 AND p.family = $5
                   ORDER BY a.released_at LIMIT 1 FOR UPDATE OF a SKIP LOCKED)
      RETURNING id`,
    [request.serverId, request.tenantId, request.isPrimary, request.locationId, request.family],
  );
  return rows[0] ? em.findOneByOrFail(AddressEntity, { id: rows[0].id }) : null;
}

/** The next unit of a pool that was never given out. The pool's row is locked meanwhile: two orders can't see the same one. */
async function takeNext(em: EntityManager, request: AddressRequest): Promise<AddressEntity | null> {
  const pool = await em
    .createQueryBuilder(IpPoolEntity, 'pool')
    .where(
      'pool.location_id = :locationId AND pool.family = :family AND pool.next_unit < pool.units',
      request,
    )
    .orderBy('pool.created_at')
    .addOrderBy('pool.id')
    .limit(1)
    .setLock('pessimistic_write')
    .getOne();
  if (!pool) return null;
  let unit = pool.nextUnit;
  let address: string | null = null;
  while (address === null && unit < pool.units) address = unitAddress(pool, unit++, pool.gateway);
  await em.update(IpPoolEntity, { id: pool.id }, { nextUnit: unit });
  if (address === null) return takeNext(em, request);
  return em.save(
    em.create(AddressEntity, {
      poolId: pool.id,
      address,
      family: request.family,
      prefix: UNIT_PREFIX[request.family],
      serverId: request.serverId,
      tenantId: request.tenantId,
      isPrimary: request.isPrimary,
      rdns: null,
      assignedAt: new Date(),
      releasedAt: null,
    }),
  );
}

/** Gives the server an address of its location's pools. Throws `no_capacity`; `quota_exceeded` comes from the trigger. */
export async function allocateAddress(em: EntityManager, request: AddressRequest): Promise<AddressEntity> {
  const address = (await takeFreed(em, request)) ?? (await takeNext(em, request));
  if (address) return address;
  throw new BerthError('no_capacity', `no free IPv${request.family} address is left in this location`, {
    resource: `ipv${request.family}`,
  });
}

/** Gives all of a server's addresses back. */
export async function releaseAddresses(em: EntityManager, serverId: string): Promise<void> {
  await em.query(
    `UPDATE addresses SET server_id = NULL, tenant_id = NULL, is_primary = false, rdns = NULL, assigned_at = NULL, released_at = now()
      WHERE server_id = $1`,
    [serverId],
  );
}
