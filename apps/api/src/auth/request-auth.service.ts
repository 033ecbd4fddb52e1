import type { IncomingMessage } from 'node:http';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller, CurrentSession } from '../http/request-context';
import { assertNotForged } from './same-origin';
import { SessionCookies } from './session-cookies.service';
import { SessionLookupService } from './session-lookup.service';
import { TokenLookupService } from './token-lookup.service';

/** The secret of `Authorization: Bearer …`, or null. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer +([^\s]{1,200}) *$/i.exec(header ?? '')?.[1] ?? null;
}

/** Who sends a request, and by which session, where it is not by a token itself. */
export interface Authenticated {
  caller: Caller;
  session: CurrentSession | null;
}

const NOBODY = {
  token: 'the token is unknown, revoked or expired',
  session: 'the session is over or unknown: sign in again',
  none: 'send a token: Authorization: Bearer berth_…',
};

/** Tells who sends a request: by its bearer token, else by the cookie of its session. */
@Injectable()
export class RequestAuthService {
  constructor(
    @Inject(TokenLookupService) private readonly tokens: TokenLookupService,
    @Inject(SessionLookupService) private readonly sessions: SessionLookupService,
    @Inject(SessionCookies) private readonly cookies: SessionCookies,
  ) {}

  /** Throws `unauthorized`, or `forbidden` where another site may have forged it. */
  async authenticate(request: IncomingMessage): Promise<Authenticated> {
    const secret = bearerOf(request.headers.authorization);
    if (secret !== null) {
      const caller = await this.tokens.find(secret);
      if (!caller) throw new BerthError('unauthorized', NOBODY.token);
      return { caller, session: null };
    }
    const found = await this.findSession(request);
    if (!found) {
      const cookie = this.cookies.read(request.headers.cookie);
      throw new BerthError('unauthorized', cookie === null ? NOBODY.none : NOBODY.session);
    }
    assertNotForged({ method: request.method ?? 'GET', headers: request.headers }, found.session);
    return found;
  }

  /** The session of a request's cookie, or null: its caller has shown nothing but the cookie. */
  async findSession({
    headers,
  }: IncomingMessage): Promise<(Authenticated & { session: CurrentSession }) | null> {
    const secret = this.cookies.read(headers.cookie);
    return secret === null ? null : this.sessions.find(secret);
  }
}
