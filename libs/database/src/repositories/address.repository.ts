import { BerthError, UNIT_PREFIX, unitAddress, type AddressFamily } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { prepared } from '../prepared';

export interface AddressRequest {
  locationId: string;
  serverId: string;
  tenantId: string;
  /** A family at most once. */
  wanted: readonly WantedAddress[];
}

export interface WantedAddress {
  family: AddressFamily;
  /** Of its family, the one that the server is known by. */
  isPrimary: boolean;
}

interface Found {
  family: AddressFamily;
  /** One that was given back, and is this server's now. */
  freed: string | null;
  /** Else the pool to take the next from, its row locked: two orders can't see the same unit. */
  pool: { id: string; cidr: string; gateway: string | null; nextUnit: number; units: number } | null;
}

/**
 * Of each family one. Freed ones first, the longest free first, so that an old owner's traffic has time to end. Rows are
 * locked in the order of the families, whoever asks.
 */
const FIND = prepared(
  'find_addresses',
  `
  WITH wanted AS (
    SELECT * FROM unnest($4::integer[], $5::boolean[]) AS w(family, is_primary) ORDER BY family
  ), longest_free AS (
    SELECT free.id, w.is_primary FROM wanted w CROSS JOIN LATERAL (
      SELECT a.id FROM addresses a JOIN ip_pools p ON p.id = a.pool_id
       WHERE a.server_id IS NULL AND p.location_id = $3 AND p.family = w.family
       ORDER BY a.released_at LIMIT 1 FOR UPDATE OF a SKIP LOCKED) free
  ), freed AS (
    UPDATE addresses a SET server_id = $1, tenant_id = $2, is_primary = f.is_primary, assigned_at = now(), released_at = NULL, rdns = NULL
      FROM longest_free f WHERE a.id = f.id RETURNING a.family, host(a.address) AS address
  ), pool AS (
    SELECT p.* FROM wanted w CROSS JOIN LATERAL (
      SELECT * FROM ip_pools
       WHERE location_id = $3 AND family = w.family AND next_unit < units
         AND NOT EXISTS (SELECT FROM freed WHERE freed.family = w.family)
       ORDER BY created_at, id LIMIT 1 FOR UPDATE) p
  )
  SELECT w.family, f.address AS freed,
         CASE WHEN p.id IS NOT NULL THEN jsonb_build_object(
           'id', p.id, 'cidr', p.cidr, 'gateway', host(p.gateway), 'nextUnit', p.next_unit, 'units', p.units) END AS pool
    FROM wanted w LEFT JOIN freed f ON f.family = w.family LEFT JOIN pool p ON p.family = w.family ORDER BY w.family`,
);

const TAKE_UNIT = prepared(
  'take_address',
  `
  WITH taken AS (UPDATE ip_pools SET next_unit = $2 WHERE id = $1)
  INSERT INTO addresses (pool_id, address, family, prefix, server_id, tenant_id, is_primary, assigned_at)
  SELECT $1, $3, $4, $5, $6, $7, $8, now() WHERE $3::inet IS NOT NULL RETURNING host(address) AS address`,
);

/**
 * Gives the server an address of its location's pools for each that is wanted, as Postgres writes it, by family; for IPv6
 * the first one of its /64. Throws `no_capacity`; `quota_exceeded` comes from the trigger.
 */
export async function allocateAddresses(
  em: EntityManager,
  request: AddressRequest,
): Promise<Map<AddressFamily, string>> {
  const { locationId, serverId, tenantId, wanted } = request;
  const given = new Map<AddressFamily, string>();
  const found: Found[] = await em.query(FIND, [
    serverId,
    tenantId,
    locationId,
    wanted.map(({ family }) => family),
    wanted.map(({ isPrimary }) => isPrimary),
  ]);
  for (const { family, freed, pool } of found) {
    const own = wanted.find((one) => one.family === family)!;
    if (!freed && !pool) throw noneLeft(family);
    let address = freed ?? (await takeUnit(em, request, own, pool!));
    // The pool's rest was its broadcast address or the gateway: on to the next pool.
    address ??= (await allocateAddresses(em, { ...request, wanted: [own] })).get(family)!;
    given.set(family, address);
  }
  return given;
}

/** Null where none is left in the pool. */
async function takeUnit(
  em: EntityManager,
  { serverId, tenantId }: AddressRequest,
  { family, isPrimary }: WantedAddress,
  { id, cidr, gateway, nextUnit, units }: NonNullable<Found['pool']>,
): Promise<string | null> {
  let unit = nextUnit;
  let address: string | null = null;
  while (address === null && unit < units) address = unitAddress({ family, cidr, units }, unit++, gateway);
  const values = [id, unit, address, family, UNIT_PREFIX[family], serverId, tenantId, isPrimary];
  const [taken]: { address: string }[] = await em.query(TAKE_UNIT, values);
  return taken?.address ?? null;
}

const noneLeft = (family: AddressFamily) =>
  new BerthError('no_capacity', `no free IPv${family} address is left in this location`, {
    resource: `ipv${family}`,
  });
