import type { CreateTokenBody, ListTokensQuery, Role, Scope, TokenView } from '@berth/contracts';
import { newId, newTokenSecret, TenantEntity, TokenEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { scopeOfList } from '../auth/tenant-scope';
import { type Answer, audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import { findByReference, isUuid, notFound } from '../http/reference';
import type { Caller, RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';

type NewTokenBody = { token: TokenView; secret?: string };

const view = (token: TokenEntity): TokenView => ({
  id: token.id,
  name: token.name,
  role: token.role,
  scopes: token.scopes as Scope[],
  tenant_id: token.tenantId,
  created_at: isoTime(token.createdAt),
  last_used_at: isoTime(token.lastUsedAt),
});

/** No token makes one that may do more than itself. */
function assertNoEscalation(caller: Caller, role: Role, scopes: readonly Scope[]): void {
  const missing = scopes.filter((scope) => !caller.scopes.includes(scope));
  if (missing.length > 0)
    throw new BerthError('forbidden', `this token lacks the scope ${missing.join(', ')} itself`);
  const mayMake: Record<Role, readonly Role[]> = {
    customer: ['customer'],
    billing: ['billing', 'customer'],
    operator: ['operator', 'billing', 'customer'],
  };
  if (!mayMake[caller.role].includes(role)) {
    throw new BerthError('forbidden', `a ${caller.role} token can't make a ${role} token`);
  }
}

@Injectable()
export class TokensService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  /** A customer sees its tenant's tokens, billing the customers' and its own kind, an operator all. */
  async list({ caller }: RequestContext, query: ListTokensQuery) {
    const found = this.dataSource.manager
      .createQueryBuilder(TokenEntity, 'token')
      .where('token.revokedAt IS NULL');
    const tenantId = scopeOfList(caller, query.tenant_id);
    if (tenantId) found.andWhere('token.tenantId = :tenantId', { tenantId });
    if (caller.role === 'billing') found.andWhere(`token.role <> 'operator'`);
    if (query.role) found.andWhere('token.role = :role', { role: query.role });
    if (query.name) found.andWhere('token.name = :name', { name: query.name });
    const columns = { created_at: 'token.createdAt', name: 'token.name', id: 'token.id' };
    const { rows, pagination } = await listPage(found, query, columns, {
      field: 'created_at',
      direction: 'desc',
    });
    return { tokens: rows.map(view), meta: { pagination } };
  }

  async get({ caller }: RequestContext, id: string) {
    return { token: view(await this.find(this.dataSource.manager, caller, id)) };
  }

  /** Of the caller's own tenant; billing and operators make one of their own role, or a lower one that has no tenant. */
  create(context: RequestContext, body: CreateTokenBody): Promise<NewTokenBody> {
    const { caller } = context;
    const role = body.role ?? caller.role;
    assertNoEscalation(caller, role, body.scopes);
    if (role === 'customer' && caller.tenantId === null) {
      throw new BerthError('invalid_input', 'make a customer token at /v1/tenants/<id>/tokens', {
        fields: [{ name: 'role', messages: ['needs a tenant: use /v1/tenants/<id>/tokens'] }],
      });
    }
    return this.commands.run(context, (em) => this.insert(em, context, role, caller.tenantId, body));
  }

  /** Of a tenant, always with the role `customer`. */
  createForTenant(
    context: RequestContext,
    tenantReference: string,
    body: CreateTokenBody,
  ): Promise<NewTokenBody> {
    if (body.role !== undefined && body.role !== 'customer') {
      throw new BerthError('forbidden', "a tenant's tokens have the role customer");
    }
    assertNoEscalation(context.caller, 'customer', body.scopes);
    return this.commands.run(context, async (em) => {
      const tenant = await findByReference(em, TenantEntity, 'tenant', tenantReference, {});
      if (tenant.status === 'terminated') throw new BerthError('conflict', 'the tenant was terminated');
      return this.insert(em, context, 'customer', tenant.id, body);
    });
  }

  /** It ends at once, also when it is the one that is used for this. */
  async revoke(context: RequestContext, id: string): Promise<void> {
    await this.commands.run(context, async (em) => {
      const token = await this.find(em, context.caller, id);
      await em.update(TokenEntity, { id: token.id }, { revokedAt: new Date() });
      await audit(em, context, this.entry('token.revoke', token));
      return { body: {} };
    });
  }

  private async insert(
    em: EntityManager,
    context: RequestContext,
    role: Role,
    tenantId: string | null,
    body: CreateTokenBody,
  ): Promise<Answer<NewTokenBody>> {
    const { secret, hash, prefix } = newTokenSecret();
    const token = await em.save(
      em.create(TokenEntity, {
        id: newId(),
        tenantId,
        role,
        scopes: body.scopes,
        name: body.name,
        hash,
        prefix,
        lastUsedAt: null,
        expiresAt: null,
        revokedAt: null,
      }),
    );
    await audit(em, context, this.entry('token.create', token));
    return { body: { token: view(token) }, once: { secret } };
  }

  private async find(em: EntityManager, caller: Caller, id: string): Promise<TokenEntity> {
    const token = isUuid(id) ? await em.findOneBy(TokenEntity, { id, revokedAt: IsNull() }) : null;
    const hidden =
      (caller.tenantId !== null && token?.tenantId !== caller.tenantId) ||
      (caller.role === 'billing' && token?.role === 'operator');
    if (!token || hidden) throw notFound('token', id);
    return token;
  }

  private entry(action: string, token: TokenEntity) {
    const details = { name: token.name, role: token.role, scopes: token.scopes };
    return { action, target: { type: 'token', id: token.id }, tenantId: token.tenantId, details };
  }
}
