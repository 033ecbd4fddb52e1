import type { EntityManager } from 'typeorm';
import { newId } from '../new-id';

/**
 * Adds simulated hosts under these names, each like the enrolled simulated host `model`, in one statement: for load tests with
 * thousands of hosts, where enrolling one by one would take minutes. Only simulated ones: nothing has to be connected, pinned or
 * prepared for them, and the worker that watches a host prepares it at first sight. Names that exist are left as they are.
 * @returns how many hosts were added
 */
export async function addSimulatedHostsLike(
  em: EntityManager,
  model: string,
  names: string[],
): Promise<number> {
  const added: unknown[] = await em.query(
    `INSERT INTO hosts (id, name, address, driver, location_id, port, "user", state, reachable, last_seen_at, architecture,
       facts, capabilities, stated_cpus, stated_ram_bytes, stated_disk_bytes,
       capacity_cpus, capacity_ram_bytes, capacity_disk_bytes, overcommit_cpus, overcommit_ram, overcommit_disk)
     SELECT copy.id, copy.name, copy.name || '.invalid', driver, location_id, port, "user", state, reachable, now(), architecture,
       facts, capabilities, stated_cpus, stated_ram_bytes, stated_disk_bytes,
       capacity_cpus, capacity_ram_bytes, capacity_disk_bytes, overcommit_cpus, overcommit_ram, overcommit_disk
     FROM hosts, unnest($2::uuid[], $3::text[]) AS copy(id, name)
     WHERE hosts.name = $1 AND hosts.driver = 'simulated' AND hosts.state = 'active'
     ON CONFLICT (name) WHERE state <> 'removed' DO NOTHING
     RETURNING id`,
    [model, names.map(() => newId()), names],
  );
  return added.length;
}
