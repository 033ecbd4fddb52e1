import type { ApiConfig } from '@berth/config';
import { BerthError } from '@berth/domain';
import { Body, Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { InjectConfig } from '../api-config';
import { AnySession, Public } from '../auth/access.decorator';
import { RateLimitService } from '../auth/rate-limit.service';
import { RequestAuthService } from '../auth/request-auth.service';
import { assertSameSite } from '../auth/same-origin';
import { SessionCookies } from '../auth/session-cookies.service';
import { TokenLookupService } from '../auth/token-lookup.service';
import { type BerthRequest, contextOf, type CurrentSession } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { OIDC_LOGIN_PATH } from './oidc/oidc-paths';
import {
  CurrentSessionAnswerDto,
  ProvidersAnswerDto,
  SessionAnswerDto,
  StartSessionDto,
} from './sessions.dto';
import { SessionsService, viewOf } from './sessions.service';

@ApiTags('session')
@Controller('v1/session')
export class SessionsController {
  constructor(
    @InjectConfig() private readonly config: ApiConfig,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(SessionCookies) private readonly cookies: SessionCookies,
    @Inject(RequestAuthService) private readonly auth: RequestAuthService,
    @Inject(TokenLookupService) private readonly tokens: TokenLookupService,
    @Inject(RateLimitService) private readonly rateLimit: RateLimitService,
  ) {}

  /**
   * Signs a browser in with a token: the answer sets the session's cookie. A repeated request makes another session, with or
   * without an Idempotency-Key, since the cookie's secret is not kept.
   */
  @Post()
  @Public()
  @Answers(201, SessionAnswerDto)
  async start(
    @Req() request: BerthRequest,
    @Res({ passthrough: true }) response: Response,
    @Body() body: StartSessionDto,
  ) {
    // Or another site's page could sign a visitor in as somebody else.
    assertSameSite(request.headers);
    const caller = await this.tokens.find(body.token.trim());
    if (!caller) {
      await this.rateLimit.countFailure(request.ip ?? 'unknown', response);
      throw new BerthError('unauthorized', 'the token is unknown, revoked or expired');
    }
    await this.rateLimit.count(caller, response);
    const previous = (await this.auth.findSession(request))?.session ?? null;
    const context = { caller, requestId: String(request.id), idempotent: null };
    const { secret, session } = await this.sessions.startByToken(context, previous);
    this.cookies.set(response, secret);
    return { session: viewOf(caller, session) };
  }

  /**
   * The session that the cookie stands for; null where nobody is signed in, which is no error: it is what a page asks first.
   * A cookie that stands for nothing counts like a wrong token.
   */
  @Get()
  @Public()
  @Answers(200, CurrentSessionAnswerDto)
  async get(@Req() request: BerthRequest, @Res({ passthrough: true }) response: Response) {
    response.setHeader('Cache-Control', 'no-store');
    const found = await this.auth.findSession(request);
    if (found) return { session: viewOf(found.caller, found.session) };
    if (this.cookies.read(request.headers.cookie) !== null) {
      await this.rateLimit.countFailure(request.ip ?? 'unknown', response);
      this.cookies.clear(response);
    }
    return { session: null };
  }

  /** Signs out. */
  @Delete()
  @AnySession()
  @Answers(204)
  async end(@Req() request: BerthRequest, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.sessions.end(contextOf(request), sessionOf(request));
    this.cookies.clear(response);
  }

  /** Ways to sign in besides a token. */
  @Get('providers')
  @Public()
  @Answers(200, ProvidersAnswerDto)
  providers() {
    const { oidc } = this.config;
    return { providers: oidc ? [{ id: 'oidc' as const, name: oidc.name, login_path: OIDC_LOGIN_PATH }] : [] };
  }
}

function sessionOf(request: BerthRequest): CurrentSession {
  if (!request.session) throw new Error('a handler that needs a session is reachable without one');
  return request.session;
}
