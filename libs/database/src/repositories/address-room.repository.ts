import { BerthError } from '@berth/domain';
import type { EntityManager } from 'typeorm';

/**
 * Throws `no_capacity` where a location clearly has no address of a family that is asked for. A look without locks, so that
 * a rush on an empty pool is refused cheaply: whether the last one is really left only `allocateAddress` can tell.
 */
export async function assertAddressesLeft(
  em: EntityManager,
  locationId: string,
  asked: { ipv4: number; ipv6: number },
): Promise<void> {
  const rows: { family: 4 | 6 }[] = await em.query(
    `SELECT DISTINCT p.family FROM ip_pools p
      WHERE p.location_id = $1
        -- The last unit of an IPv4 network is its broadcast address.
        AND (p.next_unit < p.units - (CASE WHEN p.family = 4 AND p.units > 2 THEN 1 ELSE 0 END)
             OR EXISTS (SELECT FROM addresses a WHERE a.pool_id = p.id AND a.server_id IS NULL))`,
    [locationId],
  );
  for (const family of [4, 6] as const) {
    if (asked[`ipv${family}`] === 0 || rows.some((row) => row.family === family)) continue;
    throw new BerthError('no_capacity', `no free IPv${family} address is left in this location`, {
      resource: `ipv${family}`,
    });
  }
}
