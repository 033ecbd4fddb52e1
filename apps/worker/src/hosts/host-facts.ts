import type { HostFacts } from '@berth/runtime';
import type { EntityManager } from 'typeorm';

/**
 * Writes what a host reports of itself. Capacity that the operator stated stays; the rest follows the report.
 * `updated_at` stays too: it tells of changes that people made.
 */
export async function writeHostFacts(em: EntityManager, hostId: string, facts: HostFacts): Promise<void> {
  await em.query(
    `UPDATE hosts SET facts = $2, capabilities = $3, architecture = $4,
            capacity_cpus = coalesce(stated_cpus, $5), capacity_ram_bytes = coalesce(stated_ram_bytes, $6),
            capacity_disk_bytes = coalesce(stated_disk_bytes, $7)
      WHERE id = $1`,
    [
      hostId,
      facts,
      facts.capabilities,
      facts.architecture,
      facts.cpus,
      facts.ramBytes,
      facts.disk.totalBytes,
    ],
  );
}
