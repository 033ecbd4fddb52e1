import { BerthError, type AddressFamily } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import type { ServerEntity } from '../entities/server.entity';
import { allocateAddresses } from './address.repository';
import { lockTenant } from './tenant.repository';

/** Of one family, as many as an order can have. */
export const MOST_ADDRESSES = 16;

export interface OwnAddress {
  /** As Postgres writes it. */
  address: string;
  family: AddressFamily;
  prefix: number;
  rdns: string | null;
  primary: boolean;
}

/** The server's addresses, IPv4 first, each family's oldest first. */
export async function addressesOf(em: EntityManager, serverId: string): Promise<OwnAddress[]> {
  return em.query(
    `SELECT host(address) AS address, family, prefix, rdns, is_primary AS primary FROM addresses
      WHERE server_id = $1 ORDER BY family, id`,
    [serverId],
  );
}

/** The one of the server's addresses that `text` means, in whatever notation; null where it has no such. */
export async function addressOf(
  em: EntityManager,
  serverId: string,
  text: string,
): Promise<OwnAddress | null> {
  const rows: OwnAddress[] = await em.query(
    `SELECT host(address) AS address, family, prefix, rdns, is_primary AS primary FROM addresses
      WHERE server_id = $1 AND address = $2::inet`,
    [serverId, text],
  );
  return rows[0] ?? null;
}

/**
 * Gives a server that exists one address more: it is the server's from now on, and counts for the quota. Throws
 * `no_capacity`, `conflict` where it has as many as it can have; `quota_exceeded` comes from the trigger.
 */
export async function addAddress(
  em: EntityManager,
  server: ServerEntity,
  family: AddressFamily,
): Promise<OwnAddress> {
  // Before the pool, as orders do: see the lock order.
  await lockTenant(em, server.tenantId);
  const ofFamily = (await addressesOf(em, server.id)).filter((one) => one.family === family);
  if (ofFamily.length >= MOST_ADDRESSES) {
    throw new BerthError(
      'conflict',
      `the server has ${ofFamily.length} IPv${family} addresses, as many as one can have`,
      {
        family,
        limit: MOST_ADDRESSES,
      },
    );
  }
  const { id: serverId, tenantId, locationId } = server;
  const isPrimary = ofFamily.length === 0;
  const wanted = [{ family, isPrimary }];
  const given = await allocateAddresses(em, { locationId, serverId, tenantId, wanted });
  return (await addressOf(em, server.id, given.get(family)!))!;
}

/** Gives one back. Where it was its family's primary, the oldest that is left becomes that. Absent is success. */
export async function removeAddress(em: EntityManager, serverId: string, address: string): Promise<void> {
  await em.query(
    `UPDATE addresses SET server_id = NULL, tenant_id = NULL, is_primary = false, rdns = NULL, assigned_at = NULL, released_at = now()
      WHERE server_id = $1 AND address = $2::inet`,
    [serverId, address],
  );
  await em.query(
    `UPDATE addresses SET is_primary = true WHERE id IN (
       SELECT DISTINCT ON (family) id FROM addresses a
        WHERE server_id = $1 AND NOT EXISTS (
          SELECT FROM addresses p WHERE p.server_id = $1 AND p.family = a.family AND p.is_primary)
        ORDER BY family, id)`,
    [serverId],
  );
}

/** What the address resolves to; null: nothing. */
export async function setRdns(
  em: EntityManager,
  serverId: string,
  address: string,
  name: string | null,
): Promise<void> {
  await em.query('UPDATE addresses SET rdns = $3 WHERE server_id = $1 AND address = $2::inet', [
    serverId,
    address,
    name,
  ]);
}
