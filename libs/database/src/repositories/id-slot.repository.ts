import { BerthError, MAX_ID_SLOTS } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { prepared } from '../prepared';

const ALLOCATE = prepared(
  'allocate_id_slot',
  `WITH freed AS (
       DELETE FROM free_id_slots WHERE (location_id, slot) = (
         SELECT location_id, slot FROM free_id_slots WHERE location_id = $1 LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING slot
     ), fresh AS (
       UPDATE locations SET next_id_slot = next_id_slot + 1
        WHERE id = $1 AND next_id_slot < $2 AND NOT EXISTS (SELECT FROM freed) RETURNING next_id_slot - 1 AS slot
     )
     SELECT slot FROM freed UNION ALL SELECT slot FROM fresh`,
);

/** A uid/gid range that no other server of the location has; see idBaseOf. Throws `no_capacity` after 65,533 servers. */
export async function allocateIdSlot(em: EntityManager, locationId: string): Promise<number> {
  const rows: { slot: number }[] = await em.query(ALLOCATE, [locationId, MAX_ID_SLOTS]);
  if (rows[0]) return rows[0].slot;
  throw new BerthError(
    'no_capacity',
    `the location holds ${MAX_ID_SLOTS} servers, as many as there are uid ranges`,
    { resource: 'id_ranges' },
  );
}
