import type { ListPoolAddressesQuery, PoolAddressesView, PoolAddressView } from '@berth/contracts';
import { AddressEntity, IpPoolEntity, ServerEntity } from '@berth/database';
import { type PoolUnit, UNIT_PREFIX, unitOf } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull, Not } from 'typeorm';
import { paginationOf } from '../http/list';
import { isoTime } from '../http/time';
import { IpPoolsService } from './ip-pools.service';

interface Slice {
  /** In the order of the network. */
  units: PoolUnit[];
  total: number;
}

/** Pools as maps: what became of each of their addresses. */
@Injectable()
export class PoolAddressesService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(IpPoolsService) private readonly pools: IpPoolsService,
  ) {}

  async list(id: string, { page, per_page: perPage }: ListPoolAddressesQuery): Promise<PoolAddressesView> {
    const em = this.dataSource.manager;
    const { ip_pool: view } = await this.pools.get(id);
    const pool = await em.findOneByOrFail(IpPoolEntity, { id: view.id });
    const from = (page - 1) * perPage;
    const { units, total } =
      pool.family === 4 ? sliceOf4(pool, from, perPage) : await this.sliceOf6(pool, from, perPage);
    return {
      addresses: await this.views(em, pool, units),
      ip_pool: view,
      meta: { pagination: paginationOf(page, perPage, total) },
    };
  }

  private async sliceOf6(pool: IpPoolEntity, skip: number, take: number): Promise<Slice> {
    const [rows, total] = await this.dataSource.manager.findAndCount(AddressEntity, {
      where: { poolId: pool.id, serverId: Not(IsNull()) },
      order: { address: 'ASC' },
      skip,
      take,
    });
    return { units: rows.map(({ address }) => ({ address, reservedFor: null })), total };
  }

  private async views(em: EntityManager, pool: IpPoolEntity, units: PoolUnit[]): Promise<PoolAddressView[]> {
    const rows = await em.findBy(AddressEntity, {
      poolId: pool.id,
      address: In(units.map(({ address }) => address)),
    });
    const rowOf = new Map(rows.map((row) => [row.address, row]));
    const serverIds = rows.flatMap(({ serverId }) => serverId ?? []);
    const servers = await em.find(ServerEntity, {
      where: { id: In(serverIds) },
      select: { id: true, name: true },
    });
    const nameOf = new Map(servers.map(({ id, name }) => [id, name]));
    return units.map(({ address, reservedFor }) => {
      const row = rowOf.get(address);
      const serverId = row?.serverId ?? null;
      return {
        address,
        prefix: UNIT_PREFIX[pool.family],
        state: serverId !== null ? 'assigned' : reservedFor === null ? 'free' : 'reserved',
        reserved_for: serverId === null ? reservedFor : null,
        server: serverId === null ? null : { id: serverId, name: nameOf.get(serverId) ?? '' },
        tenant_id: row?.tenantId ?? null,
        rdns: row?.rdns ?? null,
        assigned_at: isoTime(row?.assignedAt ?? null),
        released_at: isoTime(row?.releasedAt ?? null),
      };
    });
  }
}

function sliceOf4(pool: IpPoolEntity, from: number, count: number): Slice {
  const length = Math.max(0, Math.min(count, pool.units - from));
  return {
    units: Array.from({ length }, (_, i) => unitOf(pool, from + i, pool.gateway)),
    total: pool.units,
  };
}
