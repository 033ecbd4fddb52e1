import type { TestDatabase, World } from '@berth/testing';

type DataSource = TestDatabase['dataSource'];

/** A change of the database at a moment of the stopped clock. */
export type SimulatedEvent = { at: Date; server: string } & (
  | { do: 'order'; tenant: string; host: string; plan: string }
  | { do: 'status'; status: string }
  | { do: 'plan'; plan: string }
  | { do: 'host'; host: string }
  | { do: 'address'; address: number; held: boolean }
  | { do: 'snapshot'; snapshot: string; bytes: number | null }
  | { do: 'delete' }
);

/** One statement each, as the application's; many in a round trip. */
const PLAYER = `
CREATE SEQUENCE test_slots MINVALUE 0;
CREATE FUNCTION test_play(events jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE e jsonb; own uuid;
BEGIN
  FOR e IN SELECT * FROM jsonb_array_elements(events) LOOP
    UPDATE test_clock SET now = (e->>'at')::timestamptz;
    own := (e->>'server')::uuid;
    CASE e->>'do'
    WHEN 'order' THEN
      INSERT INTO servers (id, tenant_id, location_id, host_id, plan_id, template_id, name, hostname, status, desired_state, limits, cpus,
                           ram_bytes, disk_bytes, id_slot, created_at)
      SELECT own, (e->>'tenant')::uuid, h.location_id, h.id, p.id, t.id, 's', 's', 'creating', 'running', p.limits, 1,
             (p.limits->>'ram_bytes')::bigint, (p.limits->>'disk_bytes')::bigint, nextval('test_slots'), (e->>'at')::timestamptz
        FROM hosts h, plans p, templates t WHERE h.id = (e->>'host')::uuid AND p.id = (e->>'plan')::uuid;
    WHEN 'status' THEN UPDATE servers SET status = e->>'status' WHERE id = own;
    WHEN 'plan' THEN
      UPDATE servers s SET plan_id = p.id, limits = p.limits, ram_bytes = (p.limits->>'ram_bytes')::bigint,
                           disk_bytes = (p.limits->>'disk_bytes')::bigint
        FROM plans p WHERE s.id = own AND p.id = (e->>'plan')::uuid;
    WHEN 'host' THEN UPDATE servers SET host_id = (e->>'host')::uuid WHERE id = own;
    WHEN 'address' THEN
      UPDATE addresses SET server_id = CASE WHEN (e->>'held')::boolean THEN own END,
             tenant_id = CASE WHEN (e->>'held')::boolean THEN (SELECT tenant_id FROM servers WHERE id = own) END
       WHERE id = (e->>'address')::bigint;
    WHEN 'snapshot' THEN
      IF e->'bytes' = 'null' THEN
        UPDATE snapshots SET status = 'deleted', deleted_at = now() WHERE id = (e->>'snapshot')::uuid;
      ELSE
        INSERT INTO snapshots (id, server_id, tenant_id, name, status, memory, template_id, plan_id, limits, size_bytes)
        SELECT (e->>'snapshot')::uuid, id, tenant_id, e->>'snapshot', 'available', false, template_id, plan_id, limits, (e->>'bytes')::bigint
          FROM servers WHERE id = own
        ON CONFLICT (id) DO UPDATE SET size_bytes = EXCLUDED.size_bytes;
      END IF;
    WHEN 'delete' THEN UPDATE servers SET status = 'deleted', deleted_at = now() WHERE id = own;
    END CASE;
  END LOOP;
END $$`;

/** Of each family, this many addresses from number 1 on: IPv4 are odd, IPv6 are even. */
const ADDRESSES = `
INSERT INTO addresses (pool_id, address, family, prefix)
SELECT $1, CASE WHEN i % 2 = 1 THEN '10.0.0.0'::inet + i ELSE 'fd00::'::inet + i END, CASE WHEN i % 2 = 1 THEN 4 ELSE 6 END, 32
  FROM generate_series(1, $2::int) i`;

/** Plays events of the simulation. Needs the stopped clock. */
export class EventPlayer {
  private constructor(private readonly dataSource: DataSource) {}

  static async make(dataSource: DataSource, world: World, addresses: number): Promise<EventPlayer> {
    await dataSource.query(PLAYER);
    await dataSource.query(ADDRESSES, [world.pool.id, addresses]);
    return new EventPlayer(dataSource);
  }

  async play(events: readonly SimulatedEvent[]): Promise<void> {
    if (events.length > 0) await this.dataSource.query('SELECT test_play($1)', [JSON.stringify(events)]);
  }
}
