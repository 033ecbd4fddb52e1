import { randomBytes } from 'node:crypto';
import type { ApiConfig } from '@berth/config';
import type { SessionView } from '@berth/contracts';
import { endSession, hashToken, newId, SessionEntity, TenantEntity, TokenEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectConfig } from '../api-config';
import { audit, CommandsService } from '../commands/commands.service';
import type { Caller, CurrentSession, RequestContext } from '../http/request-context';
import { isoTime } from '../http/time';

const newSecret = () => randomBytes(32).toString('base64url');

/** What a session is made of. */
export interface SessionGrounds {
  token: Pick<TokenEntity, 'id' | 'expiresAt' | 'tenantId'>;
  /** The token was made for it, and ends with it. */
  ownsToken: boolean;
  name: string;
  subject: string | null;
  /** The session that the browser had until now: it is replaced. */
  previous: CurrentSession | null;
}

export interface NewSession {
  /** For the cookie; can't be read again. */
  secret: string;
  session: CurrentSession;
}

export function viewOf(caller: Caller, session: CurrentSession): SessionView {
  return {
    role: caller.role,
    scopes: [...caller.scopes],
    tenant_id: caller.tenantId,
    tenant_name: session.tenantName,
    name: session.name,
    expires_at: isoTime(session.expiresAt),
    csrf_token: session.csrfToken,
  };
}

export function assertTenantStands(caller: Pick<Caller, 'tenantStatus'>): void {
  if (caller.tenantStatus === 'terminated') throw new BerthError('forbidden', 'the tenant was terminated');
}

/** Sessions of browsers: made of a token, ended by their owner. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  /** Of a token that was typed in. Throws `forbidden` where its tenant was terminated. */
  async startByToken(context: RequestContext, previous: CurrentSession | null): Promise<NewSession> {
    assertTenantStands(context.caller);
    return this.commands.run(context, async (em) => {
      const token = await em.findOneByOrFail(TokenEntity, { id: context.caller.tokenId });
      const grounds = { token, ownsToken: false, name: token.name, subject: null, previous };
      return { body: await this.insert(em, context, grounds) };
    });
  }

  /** In the transaction of its caller. Its secret is always a new one: what a browser sent before the sign-in is worth nothing. */
  async insert(em: EntityManager, context: RequestContext, grounds: SessionGrounds): Promise<NewSession> {
    const { token, previous, ownsToken, name, subject } = grounds;
    if (previous) await endSession(em, previous.id);
    const secret = newSecret();
    const latest = new Date(Date.now() + this.config.sessionMaxAgeMs);
    const made = {
      id: newId(),
      csrfToken: newSecret(),
      name,
      expiresAt: token.expiresAt && token.expiresAt < latest ? token.expiresAt : latest,
    };
    const idleMs = this.config.sessionIdleMs;
    await em.insert(SessionEntity, {
      ...made,
      tokenId: token.id,
      ownsToken,
      subject,
      hash: hashToken(secret),
      idleMs,
    });
    await audit(em, context, {
      action: 'session.start',
      target: { type: 'session', id: made.id },
      tenantId: token.tenantId,
      details: { name, ...(subject !== null && { subject }), by: ownsToken ? 'oidc' : 'token' },
    });
    const tenant = token.tenantId ? await em.findOneBy(TenantEntity, { id: token.tenantId }) : null;
    return { secret, session: { ...made, tenantName: tenant?.name ?? null } };
  }

  /** Idempotent: of two sign-outs at once, the second finds nothing left to end. */
  async end({ caller, requestId }: RequestContext, session: CurrentSession): Promise<void> {
    // No turn in the gate, and no idempotency: signing out waits for nothing.
    await this.dataSource.transaction(async (em) => {
      await endSession(em, session.id);
      await audit(
        em,
        { caller, requestId, idempotent: null },
        {
          action: 'session.end',
          target: { type: 'session', id: session.id },
          tenantId: caller.tenantId,
          details: { name: session.name },
        },
      );
    });
  }
}
