import type { CreateIpPoolBody, IpPoolView, ListIpPoolsQuery, PatchIpPoolBody } from '@berth/contracts';
import { AddressEntity, IpPoolEntity, LocationEntity, newId } from '@berth/database';
import { BerthError, reservedUnits } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { findByReference, isUuid, notFound } from '../http/reference';
import type { RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { namedReference } from '../http/body-reference';
import { gatewayOf, networkOf } from './pool-network';

function usageOf(pool: IpPoolEntity, assigned: number): IpPoolView['usage'] {
  const reserved = reservedUnits(pool, pool.gateway);
  return { assigned, reserved, free: pool.units - reserved - assigned };
}

@Injectable()
export class IpPoolsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list(query: ListIpPoolsQuery) {
    const em = this.dataSource.manager;
    const found = em.createQueryBuilder(IpPoolEntity, 'pool');
    if (query.location) {
      const { id } = await findByReference(em, LocationEntity, 'location', query.location, {});
      found.andWhere('pool.locationId = :locationId', { locationId: id });
    }
    if (query.family) found.andWhere('pool.family = :family', { family: query.family });
    const columns = { created_at: 'pool.createdAt', cidr: 'pool.cidr', id: 'pool.id' };
    const { rows, pagination } = await listPage(found, query, columns, {
      field: 'created_at',
      direction: 'asc',
    });
    return { ip_pools: await this.views(em, rows), meta: { pagination } };
  }

  async get(id: string) {
    const em = this.dataSource.manager;
    return { ip_pool: await this.view(em, await this.find(em, id)) };
  }

  /** Throws `conflict` where it overlaps with another pool, of any location. */
  create(context: RequestContext, body: CreateIpPoolBody) {
    const space = networkOf(body.cidr, body.family);
    const gateway = gatewayOf(space.cidr, body.gateway);
    return this.commands.run(context, async (em) => {
      const location = await namedReference(em, LocationEntity, 'location', body.location, {});
      const pool = await em.save(
        em.create(IpPoolEntity, { id: newId(), ...space, locationId: location.id, gateway, nextUnit: 0 }),
      );
      await audit(em, context, this.entry('ip_pool.create', pool.id, { ...body }));
      return { body: { ip_pool: await this.view(em, pool) } };
    });
  }

  patch(context: RequestContext, id: string, body: PatchIpPoolBody) {
    return this.commands.run(context, async (em) => {
      const pool = await this.find(em, id, true);
      const gateway = body.gateway === undefined ? pool.gateway : gatewayOf(pool.cidr, body.gateway);
      if (gateway !== null && (await em.existsBy(AddressEntity, { address: gateway, poolId: pool.id }))) {
        throw new BerthError('conflict', `${gateway} is, or once was, a server's address`);
      }
      const saved = await em.save(Object.assign(pool, { gateway }));
      await audit(em, context, this.entry('ip_pool.update', pool.id, { ...body }));
      return { body: { ip_pool: await this.view(em, saved) } };
    });
  }

  /** Throws `conflict` while a server has one of its addresses. */
  async delete(context: RequestContext, id: string): Promise<void> {
    await this.commands.run(context, async (em) => {
      const pool = await this.find(em, id, true);
      const used = await this.usedOf(em, [pool.id]);
      if (used.get(pool.id)) {
        throw new BerthError(
          'conflict',
          `${used.get(pool.id)} of its addresses are servers'; delete those first`,
        );
      }
      await em.delete(AddressEntity, { poolId: pool.id });
      await em.delete(IpPoolEntity, { id: pool.id });
      await audit(em, context, this.entry('ip_pool.delete', pool.id, { cidr: pool.cidr }));
      return { body: {} };
    });
  }

  private async find(em: EntityManager, id: string, lock = false): Promise<IpPoolEntity> {
    const pool = isUuid(id)
      ? await em.findOne(IpPoolEntity, {
          where: { id },
          ...(lock && { lock: { mode: 'pessimistic_write' as const } }),
        })
      : null;
    if (!pool) throw notFound('ip_pool', id);
    return pool;
  }

  private async usedOf(em: EntityManager, poolIds: string[]): Promise<Map<string, number>> {
    const rows: { pool_id: string; used: string }[] = await em.query(
      'SELECT pool_id, count(*) AS used FROM addresses WHERE pool_id = ANY ($1) AND server_id IS NOT NULL GROUP BY pool_id',
      [poolIds],
    );
    return new Map(rows.map((row) => [row.pool_id, Number(row.used)]));
  }

  private async view(em: EntityManager, pool: IpPoolEntity): Promise<IpPoolView> {
    return (await this.views(em, [pool]))[0]!;
  }

  private async views(em: EntityManager, pools: IpPoolEntity[]): Promise<IpPoolView[]> {
    const used = await this.usedOf(
      em,
      pools.map((pool) => pool.id),
    );
    const locations = await em.findBy(LocationEntity, { id: In(pools.map((pool) => pool.locationId)) });
    return pools.map((pool) => ({
      id: pool.id,
      cidr: pool.cidr,
      family: pool.family,
      gateway: pool.gateway,
      location: locations.find(({ id }) => id === pool.locationId)?.name ?? '',
      size: pool.units,
      used: used.get(pool.id) ?? 0,
      usage: usageOf(pool, used.get(pool.id) ?? 0),
      created_at: isoTime(pool.createdAt),
    }));
  }

  private entry(action: string, id: string, details: Record<string, unknown>) {
    return { action, target: { type: 'ip_pool', id }, tenantId: null, details };
  }
}
