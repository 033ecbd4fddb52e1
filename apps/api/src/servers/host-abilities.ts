import type { Capability } from '@berth/contracts';
import { HostEntity, type ServerEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import type { EntityManager } from 'typeorm';

/** Throws `unsupported`, naming the first that the server's host has not. */
export async function assertHostCan(
  em: EntityManager,
  server: ServerEntity,
  capabilities: readonly Capability[],
): Promise<void> {
  if (capabilities.length === 0) return;
  const host = await em.findOneOrFail(HostEntity, {
    where: { id: server.hostId },
    select: { id: true, capabilities: true },
  });
  const capability = capabilities.find((one) => !host.capabilities.includes(one));
  if (capability) {
    throw new BerthError('unsupported', `the server's host can't do ${capability}`, { capability });
  }
}
