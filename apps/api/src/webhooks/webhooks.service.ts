import type { ApiConfig } from '@berth/config';
import type { CreateWebhookBody, ListWebhooksQuery, PatchWebhookBody } from '@berth/contracts';
import { disableWebhook, newId, TenantEntity, WebhookEndpointEntity } from '@berth/database';
import { BerthError, webhookUrlProblem } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectConfig } from '../api-config';
import { scopeOfList } from '../auth/tenant-scope';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { notFound } from '../http/reference';
import type { Caller, RequestContext } from '../http/request-context';
import { invalidField } from '../http/validation.pipe';
import { findWebhook, lockWebhook } from './webhook-lookup';
import { type NewWebhookBody, presentWebhook } from './webhook-presenter';
import { WebhookSecretsService } from './webhook-secrets.service';

/** Every event is written once for each: a tenant may not have any number. */
const MAX_PER_TENANT = 50;

@Injectable()
export class WebhooksService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
    @Inject(WebhookSecretsService) private readonly secrets: WebhookSecretsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  async list({ caller }: RequestContext, query: ListWebhooksQuery) {
    const found = this.dataSource.manager.createQueryBuilder(WebhookEndpointEntity, 'webhook');
    const tenantId = scopeOfList(caller, query.tenant_id);
    if (tenantId) found.where('webhook.tenantId = :tenantId', { tenantId });
    if (caller.role === 'billing') found.andWhere(`webhook.audience <> 'operator'`);
    const columns = { created_at: 'webhook.createdAt', url: 'webhook.url', id: 'webhook.id' };
    const newest = { field: 'created_at', direction: 'desc' } as const;
    const { rows, pagination } = await listPage(found, query, columns, newest);
    return { webhooks: rows.map(presentWebhook), meta: { pagination } };
  }

  async get({ caller }: RequestContext, id: string) {
    return { webhook: presentWebhook(await findWebhook(this.dataSource.manager, caller, id)) };
  }

  async create(context: RequestContext, body: CreateWebhookBody): Promise<NewWebhookBody> {
    this.assertUrl(body.url);
    const { caller } = context;
    const { secret, sealed } = await this.secrets.make();
    return this.commands.run<NewWebhookBody>(context, async (em) => {
      const tenantId = await tenantFor(em, caller, body.tenant_id ?? null);
      const id = newId();
      const { url, events, description } = body;
      const audience = tenantId !== null || caller.role === 'customer' ? ('tenant' as const) : caller.role;
      const fresh = { id, audience, tenantId, url, events, description, enabled: true, disabledReason: null };
      await em.insert(WebhookEndpointEntity, { ...fresh, secretSealed: sealed, previousSecretUntil: null });
      await this.audit(em, context, 'webhook.create', fresh, { url, events });
      const endpoint = await em.findOneByOrFail(WebhookEndpointEntity, { id });
      return { body: { webhook: presentWebhook(endpoint) }, once: { secret } };
    });
  }

  patch(context: RequestContext, id: string, body: PatchWebhookBody) {
    if (body.url !== undefined) this.assertUrl(body.url);
    return this.commands.run(context, async (em) => {
      const endpoint = await lockWebhook(em, context.caller, id);
      const { enabled, ...named } = body;
      if (Object.keys(named).length > 0) await em.update(WebhookEndpointEntity, { id: endpoint.id }, named);
      if (enabled === false) await disableWebhook(em, endpoint.id, { reason: null });
      if (enabled === true && !endpoint.enabled) await enable(em, endpoint.id);
      await this.audit(em, context, 'webhook.update', endpoint, { ...body });
      return {
        body: {
          webhook: presentWebhook(await em.findOneByOrFail(WebhookEndpointEntity, { id: endpoint.id })),
        },
      };
    });
  }

  /** With the log of its deliveries. */
  async delete(context: RequestContext, id: string): Promise<void> {
    await this.commands.run(context, async (em) => {
      const endpoint = await lockWebhook(em, context.caller, id);
      await em.delete(WebhookEndpointEntity, { id: endpoint.id });
      await this.audit(em, context, 'webhook.delete', endpoint, { url: endpoint.url });
      return { body: {} };
    });
  }

  private assertUrl(url: string): void {
    const problem = webhookUrlProblem(url, this.config.webhookAllowPrivate);
    if (problem) throw invalidField('url', problem);
  }

  private audit(
    em: EntityManager,
    context: RequestContext,
    action: string,
    { id, tenantId }: Pick<WebhookEndpointEntity, 'id' | 'tenantId'>,
    details: Record<string, unknown>,
  ): Promise<void> {
    return audit(em, context, { action, target: { type: 'webhook', id }, tenantId, details });
  }
}

/** What happened while it was disabled is not sent. */
async function enable(em: EntityManager, id: string): Promise<void> {
  await em.query(
    `UPDATE webhook_endpoints SET enabled = true, disabled_reason = NULL, active_since = clock_timestamp(),
            paused_until = '-infinity', updated_at = now() WHERE id = $1`,
    [id],
  );
}

/** Whose events: a customer's own; for billing and operators any tenant's, or null for all. Throws where it has too many. */
async function tenantFor(em: EntityManager, caller: Caller, asked: string | null): Promise<string | null> {
  if (asked !== null && caller.tenantId !== null && asked !== caller.tenantId)
    throw notFound('tenant', asked);
  const tenantId = caller.tenantId ?? asked;
  if (tenantId === null) return null;
  if (!(await em.existsBy(TenantEntity, { id: tenantId }))) throw notFound('tenant', tenantId);
  // Not the tenant's row, which orders lock: this only holds off another webhook's count.
  await em.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`webhooks of ${tenantId}`]);
  const count = await em.countBy(WebhookEndpointEntity, { tenantId });
  if (count >= MAX_PER_TENANT) {
    throw new BerthError('conflict', `the tenant has ${count} webhooks, as many as it may: delete one`, {
      limit: MAX_PER_TENANT,
    });
  }
  return tenantId;
}
