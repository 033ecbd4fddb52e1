import { BerthError, MAX_ID_SLOTS } from '@berth/domain';
import type { EntityManager } from 'typeorm';
import { ServerEntity } from '../entities/server.entity';
import { prepared } from '../prepared';

/**
 * What a slot is taken by, as CTEs that end with `slot`, of no row where none is left; `$1` the location, `$2` how many there
 * are at most.
 */
const SLOT = `
     freed AS (
       DELETE FROM free_id_slots WHERE (location_id, slot) = (
         SELECT location_id, slot FROM free_id_slots WHERE location_id = $1 LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING slot
     ), fresh AS (
       UPDATE locations SET next_id_slot = next_id_slot + 1
        WHERE id = $1 AND next_id_slot < $2 AND NOT EXISTS (SELECT FROM freed) RETURNING next_id_slot - 1 AS slot
     ), slot AS (SELECT slot FROM freed UNION ALL SELECT slot FROM fresh)`;

const noneLeft = () =>
  new BerthError(
    'no_capacity',
    `the location holds ${MAX_ID_SLOTS} servers, as many as there are uid ranges`,
    { resource: 'id_ranges' },
  );

/** What an order writes; number and times are the database's. */
const COLUMNS = {
  id: 'id',
  tenant_id: 'tenantId',
  location_id: 'locationId',
  host_id: 'hostId',
  plan_id: 'planId',
  template_id: 'templateId',
  name: 'name',
  hostname: 'hostname',
  status: 'status',
  checkpointed: 'checkpointed',
  desired_state: 'desiredState',
  limits: 'limits',
  cpus: 'cpus',
  ram_bytes: 'ramBytes',
  disk_bytes: 'diskBytes',
  ssh_keys: 'sshKeys',
  features: 'features',
  devices: 'devices',
  labels: 'labels',
  external_id: 'externalId',
  order_digest: 'orderDigest',
  onboot: 'onboot',
  boot_order: 'bootOrder',
  protection_delete: 'protectionDelete',
} as const satisfies Record<string, keyof ServerEntity>;

const names = Object.keys(COLUMNS);

const INSERT = prepared(
  'insert_server',
  `WITH ${SLOT}
   INSERT INTO servers (${names.join(', ')}, id_slot)
   SELECT ${names.map((name) => `r.${name}`).join(', ')}, slot.slot FROM slot, jsonb_populate_record(NULL::servers, $3) r
   RETURNING number, id_slot, created_at, updated_at`,
);

export type NewServer = Pick<ServerEntity, (typeof COLUMNS)[keyof typeof COLUMNS]>;

/**
 * The row of a new server, with a uid/gid range that no other server of the location has (see idBaseOf). Throws `no_capacity`
 * after 65,533 servers; `quota_exceeded` and `no_capacity` come from the triggers.
 */
export async function insertNewServer(em: EntityManager, fresh: NewServer): Promise<ServerEntity> {
  const row = Object.fromEntries(Object.entries(COLUMNS).map(([name, property]) => [name, fresh[property]]));
  const rows: { number: string; id_slot: number; created_at: Date; updated_at: Date }[] = await em.query(
    INSERT,
    [fresh.locationId, MAX_ID_SLOTS, JSON.stringify(row)],
  );
  if (!rows[0]) throw noneLeft();
  const { number, id_slot: idSlot, created_at: createdAt, updated_at: updatedAt } = rows[0];
  const none = { suspension: {}, terminateAt: null, finalSnapshot: false, deletedAt: null };
  const own = { number: Number(number), idSlot, createdAt, updatedAt, ...none };
  return em.create(ServerEntity, { ...fresh, ...own });
}
