import type { CreateTenantBody, ListTenantsQuery, PatchTenantBody } from '@berth/contracts';
import { lockTenant, newId, TenantEntity, whereTenantFits } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { findByReference } from '../http/reference';
import type { RequestContext } from '../http/request-context';
import { noQuota, quotaColumns } from './tenant-quota';
import { tenantView } from './tenant-view';

@Injectable()
export class TenantsService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list(query: ListTenantsQuery) {
    const found = this.dataSource.manager.createQueryBuilder(TenantEntity, 'tenant');
    if (query.id) found.andWhere('tenant.id IN (:...ids)', { ids: query.id });
    if (query.search) whereTenantFits(found, query.search);
    if (query.name) found.andWhere('tenant.name = :name', query);
    if (query.external_id) found.andWhere('tenant.externalId = :external_id', query);
    if (query.status) found.andWhere('tenant.status = :status', query);
    const columns = {
      created_at: 'tenant.createdAt',
      name: 'tenant.name',
      external_id: 'tenant.externalId',
      id: 'tenant.id',
    };
    const { rows, pagination } = await listPage(found, query, columns, {
      field: 'created_at',
      direction: 'desc',
    });
    return { tenants: rows.map(tenantView), meta: { pagination } };
  }

  async get(reference: string) {
    return {
      tenant: tenantView(
        await findByReference(this.dataSource.manager, TenantEntity, 'tenant', reference, {}),
      ),
    };
  }

  create(context: RequestContext, body: CreateTenantBody) {
    return this.commands.run(context, async (em) => {
      const tenant = await em.save(
        em.create(TenantEntity, {
          id: newId(),
          name: body.name,
          externalId: body.external_id ?? null,
          status: 'active',
          reason: null,
          terminateAt: null,
          ...noQuota,
          ...quotaColumns(body.quota),
        }),
      );
      await audit(em, context, this.entry('tenant.create', tenant.id, body));
      return { body: { tenant: tenantView(tenant) } };
    });
  }

  /** A quota may be lowered below what is in use: nothing is taken away, but nothing more given. */
  patch(context: RequestContext, reference: string, body: PatchTenantBody) {
    return this.commands.run(context, async (em) => {
      const { id } = await findByReference(em, TenantEntity, 'tenant', reference, {});
      const tenant = await lockTenant(em, id);
      const saved = await em.save(
        Object.assign(tenant, quotaColumns(body.quota ?? {}), {
          name: body.name ?? tenant.name,
          externalId: body.external_id === undefined ? tenant.externalId : body.external_id,
        }),
      );
      await audit(em, context, this.entry('tenant.update', id, body));
      return { body: { tenant: tenantView(saved) } };
    });
  }

  private entry(action: string, id: string, details: Record<string, unknown>) {
    return { action, target: { type: 'tenant', id }, tenantId: id, details };
  }
}
