import type { CreatePlanBody, ListPlansQuery, PatchPlanBody, PlanView } from '@berth/contracts';
import { newId, PlanEntity } from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { findByReference } from '../http/reference';
import type { RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';
import { limitsView } from './limits-view';

const view = (plan: PlanEntity): PlanView => ({
  id: plan.id,
  name: plan.name,
  description: plan.description,
  limits: limitsView(plan.limits),
  price: plan.price ?? null,
  created_at: isoTime(plan.createdAt),
});

@Injectable()
export class PlansService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list(query: ListPlansQuery) {
    const found = this.dataSource.manager
      .createQueryBuilder(PlanEntity, 'plan')
      .where('plan.deletedAt IS NULL');
    if (query.name) found.andWhere('plan.name = :name', { name: query.name });
    const columns = { name: 'plan.name', created_at: 'plan.createdAt', id: 'plan.id' };
    const { rows, pagination } = await listPage(found, query, columns, {
      field: 'created_at',
      direction: 'asc',
    });
    return { plans: rows.map(view), meta: { pagination } };
  }

  async get(reference: string) {
    return { plan: view(await this.find(this.dataSource.manager, reference)) };
  }

  create(context: RequestContext, body: CreatePlanBody) {
    return this.commands.run(context, async (em) => {
      const plan = await em.save(em.create(PlanEntity, { id: newId(), ...body, deletedAt: null }));
      await audit(em, context, this.entry('plan.create', plan.id, body));
      return { body: { plan: view(plan) } };
    });
  }

  /** Servers that exist keep the limits that they were ordered with. */
  patch(context: RequestContext, reference: string, body: PatchPlanBody) {
    return this.commands.run(context, async (em) => {
      const plan = await this.find(em, reference);
      const limits = { ...plan.limits, ...body.limits };
      const saved = await em.save(Object.assign(plan, body, { limits }));
      await audit(em, context, this.entry('plan.update', plan.id, body));
      return { body: { plan: view(saved) } };
    });
  }

  /** It can't be ordered any more; servers that have it go on. Its name is free again. */
  async delete(context: RequestContext, reference: string): Promise<void> {
    await this.commands.run(context, async (em) => {
      const plan = await this.find(em, reference);
      await em.update(PlanEntity, { id: plan.id }, { deletedAt: new Date() });
      await audit(em, context, this.entry('plan.delete', plan.id, { name: plan.name }));
      return { body: {} };
    });
  }

  private find(em: EntityManager, reference: string) {
    return findByReference(em, PlanEntity, 'plan', reference, { deletedAt: IsNull() });
  }

  private entry(action: string, id: string, details: Record<string, unknown>) {
    return { action, target: { type: 'plan', id }, tenantId: null, details };
  }
}
