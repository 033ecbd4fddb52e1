import { migrationModeSchema, type Capability, type MigrationModeName } from '@berth/contracts';
import { BerthError, judgeTargets, type JudgedTarget, type TargetHost } from '@berth/domain';
import { In, Not, type EntityManager } from 'typeorm';
import { HostEntity } from '../entities/host.entity';
import type { ServerEntity } from '../entities/server.entity';
import {
  assertCanLeave,
  assertNothingLeft,
  migrationCapability,
  migrationRequest,
} from './server-migration.repository';

export interface MigrationTargets {
  /** Why it can't leave at all now; null where it can. */
  blocked: string | null;
  targets: JudgedTarget[];
}

const cgroupOf = (host: HostEntity) => (host.facts as { cgroup?: string } | null)?.cgroup ?? null;

function targetHost(host: HostEntity): TargetHost {
  const { id, name, driver, state, reachable, architecture, capabilities } = host;
  return {
    ...{ id, name, driver, state, reachable, architecture, capabilities, cgroup: cgroupOf(host) },
    allocatable: {
      cpus: host.capacityCpus * host.overcommitCpus,
      ram_bytes: host.capacityRamBytes * host.overcommitRam,
      disk_bytes: host.capacityDiskBytes * host.overcommitDisk,
    },
    used: { cpus: host.usedCpus, ram_bytes: host.usedRamBytes, disk_bytes: host.usedDiskBytes },
  };
}

/** Where a server could be moved to, of its location's other hosts, by the rules of reserveMigration; nothing is locked. */
export async function findMigrationTargets(
  em: EntityManager,
  server: ServerEntity,
): Promise<MigrationTargets> {
  const source = await em.findOneByOrFail(HostEntity, { id: server.hostId });
  const { architecture, demand, capabilities } = await migrationRequest(em, server, source);
  const hosts = await em.findBy(HostEntity, {
    id: Not(source.id),
    locationId: server.locationId,
    state: Not(In(['removed', 'enrolling'])),
  });
  const modes = Object.fromEntries(
    migrationModeSchema.options.map((mode) => [mode, migrationCapability(server, mode)]),
  ) as Record<MigrationModeName, Capability>;
  const { driver, name } = source;
  const from = { driver, name, cgroup: cgroupOf(source), capabilities: source.capabilities };
  const targets = judgeTargets(hosts.map(targetHost), { architecture, demand, capabilities, modes, from });
  return { blocked: await whyBlocked(em, server, source), targets };
}

async function whyBlocked(
  em: EntityManager,
  server: ServerEntity,
  source: HostEntity,
): Promise<string | null> {
  try {
    assertCanLeave(server, source);
    await assertNothingLeft(em, server);
    return null;
  } catch (error) {
    if (error instanceof BerthError) return error.message;
    throw error;
  }
}
