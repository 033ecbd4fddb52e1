import type { ApiConfig } from '@berth/config';
import { newId, newTokenSecret, TenantEntity, TokenEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectConfig } from '../../api-config';
import { audit, CommandsService } from '../../commands/commands.service';
import { isUuid } from '../../http/reference';
import type { Caller, CurrentSession } from '../../http/request-context';
import { assertTenantStands, type NewSession, SessionsService } from '../sessions.service';
import type { OidcIdentity } from './oidc-identity';

/** Makes a session of what the provider says of a person, with a token of its own: audit events tell who it was. */
@Injectable()
export class OidcSignInService {
  constructor(
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {}

  /** Throws `forbidden`, in words for the person, where the tenant isn't there or was terminated. */
  async signIn(
    identity: OidcIdentity,
    requestId: string,
    previous: CurrentSession | null,
  ): Promise<NewSession> {
    const tenant = identity.role === 'customer' ? await this.findTenant(identity.tenant) : null;
    const caller: Caller = {
      tokenId: newId(),
      role: identity.role,
      scopes: ['read', 'write'],
      tenantId: tenant?.id ?? null,
      tenantStatus: tenant?.status ?? null,
    };
    assertTenantStands(caller);
    const context = { caller, requestId, idempotent: null };
    return this.commands.run(context, async (em) => {
      // Nobody ever learns its secret: it is there for what it may do, and to be told by.
      const { hash, prefix } = newTokenSecret();
      const token = em.create(TokenEntity, {
        id: caller.tokenId,
        tenantId: caller.tenantId,
        role: caller.role,
        scopes: [...caller.scopes],
        name: `oidc: ${identity.name}`,
        hash,
        prefix,
        lastUsedAt: new Date(),
        expiresAt: new Date(Date.now() + this.config.sessionMaxAgeMs),
        revokedAt: null,
      });
      await em.insert(TokenEntity, token);
      await audit(em, context, {
        action: 'token.create',
        target: { type: 'token', id: token.id },
        tenantId: token.tenantId,
        details: { name: token.name, role: token.role, scopes: token.scopes, by: 'oidc' },
      });
      const { name, subject } = identity;
      return {
        body: await this.sessions.insert(em, context, { token, ownsToken: true, name, subject, previous }),
      };
    });
  }

  /** By id or external_id, as billing systems know it; what looks like an id may be an external_id too. */
  private async findTenant(reference: string): Promise<TenantEntity> {
    const tenants = this.dataSource.getRepository(TenantEntity);
    const byId = isUuid(reference) ? await tenants.findOneBy({ id: reference.toLowerCase() }) : null;
    const tenant = byId ?? (await tenants.findOneBy({ externalId: reference }));
    if (tenant) return tenant;
    throw new BerthError('forbidden', 'your customer account is not known here; ask your provider');
  }
}
