import { BerthError, UNIT_PREFIX, unitAddress, type AddressFamily } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { prepared } from '../prepared';

export interface AddressRequest {
  locationId: string;
  serverId: string;
  tenantId: string;
  family: AddressFamily;
  /** Of its family, the one that the server is known by. */
  isPrimary: boolean;
}

interface Found {
  /** One that was given back, and is this server's now. */
  freed: string | null;
  /** Else the pool to take the next from, its row locked: two orders can't see the same unit. */
  pool: { id: string; cidr: string; gateway: string | null; nextUnit: number; units: number } | null;
}

/** Freed ones first, the longest free first, so that an old owner's traffic has time to end. */
const FIND = prepared(
  'find_address',
  `
  WITH freed AS (
    UPDATE addresses SET server_id = $1, tenant_id = $2, is_primary = $3, assigned_at = now(), released_at = NULL, rdns = NULL
     WHERE id = (SELECT a.id FROM addresses a JOIN ip_pools p ON p.id = a.pool_id
                  WHERE a.server_id IS NULL AND p.location_id = $4 AND p.family = $5
                  ORDER BY a.released_at LIMIT 1 FOR UPDATE OF a SKIP LOCKED)
     RETURNING host(address) AS address
  ), pool AS (
    SELECT * FROM ip_pools WHERE location_id = $4 AND family = $5 AND next_unit < units AND NOT EXISTS (SELECT FROM freed)
     ORDER BY created_at, id LIMIT 1 FOR UPDATE
  )
  SELECT (SELECT address FROM freed) AS freed,
         (SELECT jsonb_build_object('id', id, 'cidr', cidr, 'gateway', host(gateway), 'nextUnit', next_unit, 'units', units)
            FROM pool) AS pool`,
);

const TAKE_UNIT = prepared(
  'take_address',
  `
  WITH taken AS (UPDATE ip_pools SET next_unit = $2 WHERE id = $1)
  INSERT INTO addresses (pool_id, address, family, prefix, server_id, tenant_id, is_primary, assigned_at)
  SELECT $1, $3, $4, $5, $6, $7, $8, now() WHERE $3::inet IS NOT NULL RETURNING host(address) AS address`,
);

/**
 * Gives the server an address of its location's pools, as Postgres writes it; for IPv6 the first one of its /64. Throws `no_capacity`;
 * `quota_exceeded` comes from the trigger.
 */
export async function allocateAddress(em: EntityManager, request: AddressRequest): Promise<string> {
  const { locationId, serverId, tenantId, family, isPrimary } = request;
  const [found]: Found[] = await em.query(FIND, [serverId, tenantId, isPrimary, locationId, family]);
  if (found?.freed) return found.freed;
  if (!found?.pool) {
    throw new BerthError('no_capacity', `no free IPv${family} address is left in this location`, {
      resource: `ipv${family}`,
    });
  }
  const { id, cidr, gateway, nextUnit, units } = found.pool;
  let unit = nextUnit;
  let address: string | null = null;
  while (address === null && unit < units) address = unitAddress({ family, cidr, units }, unit++, gateway);
  const values = [id, unit, address, family, UNIT_PREFIX[family], serverId, tenantId, isPrimary];
  const [taken]: { address: string }[] = await em.query(TAKE_UNIT, values);
  // The pool's rest was its broadcast address or the gateway: on to the next pool.
  return taken?.address ?? allocateAddress(em, request);
}
