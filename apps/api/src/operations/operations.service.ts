import type { ListOperationsQuery } from '@berth/contracts';
import { OperationEntity, OperationStepEntity, whereOperationFits } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { scopeOfList } from '../auth/tenant-scope';
import { listPage } from '../http/list';
import type { RequestContext } from '../http/request-context';
import { operationLog } from './operation-log';
import { findOperation } from './operation-lookup';
import { presentOperation, presentOperations } from './operation-presenter';

@Injectable()
export class OperationsService {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async list({ caller }: RequestContext, query: ListOperationsQuery) {
    const em = this.dataSource.manager;
    const found = em.createQueryBuilder(OperationEntity, 'op');
    const tenantId = scopeOfList(caller, query.tenant_id);
    if (tenantId) found.andWhere('op.tenantId = :tenantId', { tenantId });
    else if (caller.role !== 'operator') found.andWhere('op.tenantId IS NOT NULL');
    if (query.status) found.andWhere('op.status IN (:...statuses)', { statuses: query.status });
    if (query.kind) found.andWhere('op.kind IN (:...kinds)', { kinds: query.kind });
    if (query.server_id) found.andWhere('op.serverId = :serverId', { serverId: query.server_id });
    if (query.host_id && caller.role === 'operator')
      found.andWhere('op.hostId = :hostId', { hostId: query.host_id });
    if (query.since !== undefined)
      found.andWhere('op.createdAt >= to_timestamp(:since)', { since: query.since });
    if (query.until !== undefined)
      found.andWhere('op.createdAt < to_timestamp(:until)', { until: query.until });
    if (query.search) whereOperationFits(found, query.search);
    const columns = { created_at: 'op.createdAt', id: 'op.id' };
    const { rows, pagination } = await listPage(found, query, columns, {
      field: 'created_at',
      direction: 'desc',
    });
    return { operations: await presentOperations(em, rows, caller), meta: { pagination } };
  }

  async get({ caller }: RequestContext, id: string) {
    const em = this.dataSource.manager;
    return { operation: await presentOperation(em, await findOperation(em, caller, id), caller) };
  }

  async log({ caller }: RequestContext, id: string) {
    const em = this.dataSource.manager;
    const operation = await findOperation(em, caller, id);
    const steps = await em.find(OperationStepEntity, {
      where: { operationId: operation.id },
      order: { position: 'ASC' },
    });
    return { log: operationLog(operation, steps, caller.role) };
  }
}
