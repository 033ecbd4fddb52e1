import type { LabelRequirement, ListServersQuery, PatchServerBody } from '@berth/contracts';
import {
  HostEntity,
  LocationEntity,
  PlanEntity,
  ServerEntity,
  TemplateEntity,
  whereServerFits,
} from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { scopeOfList } from '../auth/tenant-scope';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { findByReference, isUuid } from '../http/reference';
import type { Caller, RequestContext } from '../http/request-context';
import { deletedVisibleSince, findServer, lockServer } from './server-lookup';
import { serverById } from './server-page';
import { presentServer, presentServers } from './server-presenter';

type Query = SelectQueryBuilder<ServerEntity>;

/** Adds one term of a label selector; values and keys go as parameters. */
function whereLabel(query: Query, term: LabelRequirement, index: number): void {
  const key = `label${index}`;
  const has = `jsonb_exists(server.labels, :${key})`;
  if (term.operator === 'exists') query.andWhere(has, { [key]: term.key });
  else if (term.operator === 'absent') query.andWhere(`NOT ${has}`, { [key]: term.key });
  else {
    const is = `server.labels ->> :${key} IN (:...${key}values)`;
    const condition = term.operator === 'in' ? is : `coalesce(NOT (${is}), true)`;
    query.andWhere(condition, { [key]: term.key, [`${key}values`]: term.values });
  }
}

function forbidHosts(caller: Caller): void {
  if (caller.role !== 'operator')
    throw new BerthError('forbidden', 'hosts and deleted servers are for operators');
}

@Injectable()
export class ServersService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list({ caller }: RequestContext, query: ListServersQuery) {
    const em = this.dataSource.manager;
    const found = em.createQueryBuilder(ServerEntity, 'server');
    const tenantId = scopeOfList(caller, query.tenant_id);
    if (tenantId) found.andWhere('server.tenantId = :tenantId', { tenantId });
    if (query.deleted) {
      forbidHosts(caller);
      found.andWhere('(server.deletedAt IS NULL OR server.deletedAt > :since)', {
        since: deletedVisibleSince(),
      });
    } else found.andWhere('server.deletedAt IS NULL');
    if (query.search) {
      const byTenant = caller.role !== 'customer';
      whereServerFits(found, { text: query.search, deleted: query.deleted ?? false, byTenant });
    }
    if (query.id) found.andWhere('server.id IN (:...ids)', { ids: query.id });
    if (query.name) found.andWhere('server.name = :name', { name: query.name });
    if (query.status) found.andWhere('server.status IN (:...statuses)', { statuses: query.status });
    if (query.external_id)
      found.andWhere('server.externalId = :externalId', { externalId: query.external_id });
    query.label_selector?.forEach((term, index) => whereLabel(found, term, index));
    await this.whereReferences(em, found, caller, query);
    const columns = {
      created_at: 'server.createdAt',
      name: 'server.name',
      status: 'server.status',
      id: 'server.id',
    };
    const { rows, pagination } = await listPage(found, query, columns, {
      field: 'created_at',
      direction: 'desc',
    });
    return { servers: await presentServers(em, rows, caller), meta: { pagination } };
  }

  async get({ caller }: RequestContext, reference: string, withDeleted: boolean) {
    if (withDeleted) forbidHosts(caller);
    const em = this.dataSource.manager;
    if (isUuid(reference))
      return { server: await serverById(em, caller, reference.toLowerCase(), withDeleted) };
    return { server: await presentServer(em, await findServer(em, caller, reference, withDeleted), caller) };
  }

  /** Changes what is written about a server; nothing on its host, so it works while an operation runs. */
  patch(context: RequestContext, reference: string, body: PatchServerBody) {
    const { caller } = context;
    return this.commands.run(context, async (em) => {
      const server = await lockServer(em, caller, reference);
      const columns: Partial<ServerEntity> = {
        ...(body.name !== undefined && { name: body.name }),
        ...(body.labels !== undefined && { labels: body.labels }),
        ...(body.external_id !== undefined && { externalId: body.external_id }),
        ...(body.onboot !== undefined && { onboot: body.onboot }),
        ...(body.boot_order !== undefined && { bootOrder: body.boot_order }),
      };
      if (Object.keys(columns).length > 0) await em.update(ServerEntity, { id: server.id }, columns as never);
      await audit(em, context, {
        action: 'server.update',
        target: { type: 'server', id: server.id },
        tenantId: server.tenantId,
        details: { ...body },
      });
      return { body: { server: await presentServer(em, { ...server, ...columns }, caller) } };
    });
  }

  private async whereReferences(
    em: EntityManager,
    found: Query,
    caller: Caller,
    query: ListServersQuery,
  ): Promise<void> {
    if (query.plan) {
      const { id } = await findByReference(em, PlanEntity, 'plan', query.plan, {});
      found.andWhere('server.planId = :planId', { planId: id });
    }
    if (query.template) {
      const { id } = await findByReference(em, TemplateEntity, 'template', query.template, {});
      found.andWhere('server.templateId = :templateId', { templateId: id });
    }
    if (query.location) {
      const { id } = await findByReference(em, LocationEntity, 'location', query.location, {});
      found.andWhere('server.locationId = :locationId', { locationId: id });
    }
    const host = query.host ?? query.host_id;
    if (host) {
      forbidHosts(caller);
      const { id } = await findByReference(em, HostEntity, 'host', host, {});
      found.andWhere('server.hostId = :hostId', { hostId: id });
    }
  }
}
