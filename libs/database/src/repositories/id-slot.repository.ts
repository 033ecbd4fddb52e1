import { BerthError, MAX_ID_SLOTS } from '@berth/domain';
import type { EntityManager } from 'typeorm';

/** A uid/gid range that no other server of the location has; see idBaseOf. Throws `no_capacity` after 65,533 servers. */
export async function allocateIdSlot(em: EntityManager, locationId: string): Promise<number> {
  const [freed]: [{ slot: number }[], number] = await em.query(
    `DELETE FROM free_id_slots WHERE (location_id, slot) = (
       SELECT location_id, slot FROM free_id_slots WHERE location_id = $1 LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING slot`,
    [locationId],
  );
  if (freed[0]) return freed[0].slot;
  const [next]: [{ slot: number }[], number] = await em.query(
    `UPDATE locations SET next_id_slot = next_id_slot + 1 WHERE id = $1 AND next_id_slot < $2 RETURNING next_id_slot - 1 AS slot`,
    [locationId, MAX_ID_SLOTS],
  );
  if (next[0]) return next[0].slot;
  throw new BerthError(
    'no_capacity',
    `the location holds ${MAX_ID_SLOTS} servers, as many as there are uid ranges`,
    { resource: 'id_ranges' },
  );
}

/** Gives a range back, once nothing on any host is owned by it. */
export async function releaseIdSlot(em: EntityManager, locationId: string, slot: number): Promise<void> {
  await em.query(`INSERT INTO free_id_slots (location_id, slot) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    locationId,
    slot,
  ]);
}
