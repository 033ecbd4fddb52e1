import type {
  CreateTemplateBody,
  ListTemplatesQuery,
  PatchTemplateBody,
  TemplateView,
} from '@berth/contracts';
import type { ApiConfig } from '@berth/config';
import { newId, TemplateEntity } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { InjectConfig } from '../api-config';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { findByReference } from '../http/reference';
import type { Caller, RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { assertAllowedSource, compressionOf } from './template-source';

/** The source is for operators: it may tell of internal places. */
const view = (template: TemplateEntity, caller: Caller): TemplateView => ({
  id: template.id,
  name: template.name,
  description: template.description,
  architecture: template.architecture,
  compression: template.compression,
  sha256: template.sha256,
  ...(caller.role === 'operator' && { source: template.source }),
  created_at: isoTime(template.createdAt),
});

@Injectable()
export class TemplatesService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  async list({ caller }: RequestContext, query: ListTemplatesQuery) {
    const found = this.dataSource.manager
      .createQueryBuilder(TemplateEntity, 'template')
      .where('template.deletedAt IS NULL');
    if (query.name) found.andWhere('template.name = :name', { name: query.name });
    if (query.architecture) found.andWhere('template.architecture = :arch', { arch: query.architecture });
    const columns = { name: 'template.name', created_at: 'template.createdAt', id: 'template.id' };
    const { rows, pagination } = await listPage(found, query, columns, { field: 'name', direction: 'asc' });
    return { templates: rows.map((row) => view(row, caller)), meta: { pagination } };
  }

  async get({ caller }: RequestContext, reference: string) {
    return { template: view(await this.find(this.dataSource.manager, reference), caller) };
  }

  create(context: RequestContext, body: CreateTemplateBody) {
    assertAllowedSource(body.source, this.config.templateFileRoots);
    const compression = body.compression ?? compressionOf(body.source);
    return this.commands.run(context, async (em) => {
      const template = await em.save(
        em.create(TemplateEntity, { id: newId(), ...body, compression, deletedAt: null }),
      );
      await audit(em, context, this.entry('template.create', template.id, body));
      return { body: { template: view(template, context.caller) } };
    });
  }

  patch(context: RequestContext, reference: string, body: PatchTemplateBody) {
    return this.commands.run(context, async (em) => {
      const template = await em.save(Object.assign(await this.find(em, reference), body));
      await audit(em, context, this.entry('template.update', template.id, body));
      return { body: { template: view(template, context.caller) } };
    });
  }

  /** It can't be ordered any more; servers made of it go on. Its name is free again. */
  async delete(context: RequestContext, reference: string): Promise<void> {
    await this.commands.run(context, async (em) => {
      const template = await this.find(em, reference);
      await em.update(TemplateEntity, { id: template.id }, { deletedAt: new Date() });
      await audit(em, context, this.entry('template.delete', template.id, { name: template.name }));
      return { body: {} };
    });
  }

  private find(em: EntityManager, reference: string) {
    return findByReference(em, TemplateEntity, 'template', reference, { deletedAt: IsNull() });
  }

  private entry(action: string, id: string, details: Record<string, unknown>) {
    return { action, target: { type: 'template', id }, tenantId: null, details };
  }
}
