import type { EntityManager } from 'typeorm';
import { HostEntity } from '../entities/host.entity';

/** A host with its sealed key, which plain finds leave out. For workers. */
export async function findHostWithKey(em: EntityManager, hostId: string): Promise<HostEntity | null> {
  return em
    .createQueryBuilder(HostEntity, 'host')
    .addSelect('host.privateKeySealed')
    .where('host.id = :hostId', { hostId })
    .getOne();
}
