import { BerthError } from '@berth/domain';
import { Controller, Get, Inject, Logger, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../../auth/access.decorator';
import { RateLimitService } from '../../auth/rate-limit.service';
import { RequestAuthService } from '../../auth/request-auth.service';
import { SessionCookies } from '../../auth/session-cookies.service';
import { translateError } from '../../http/error-translation';
import type { BerthRequest } from '../../http/request-context';
import { Answers } from '../../openapi/answers';
import { OidcLoginQueryDto } from '../sessions.dto';
import { identityOf } from './oidc-identity';
import { OidcProvider } from './oidc-provider.service';
import { OidcSignInService } from './oidc-sign-in.service';
import { PendingLogins } from './pending-logins.service';
import { returnPath } from './return-path';

/** Where browsers go, not programs: what goes wrong is told by the page for signing in, in words. */
@ApiTags('session')
@Controller('v1/session/oidc')
export class OidcController {
  private readonly logger = new Logger(OidcController.name);

  constructor(
    @Inject(OidcProvider) private readonly provider: OidcProvider,
    @Inject(PendingLogins) private readonly pending: PendingLogins,
    @Inject(OidcSignInService) private readonly signIns: OidcSignInService,
    @Inject(SessionCookies) private readonly cookies: SessionCookies,
    @Inject(RequestAuthService) private readonly auth: RequestAuthService,
    @Inject(RateLimitService) private readonly rateLimit: RateLimitService,
  ) {}

  /** Sends the browser to the OpenID Connect provider; back on `return_to`, a path of the dashboard, it is signed in. */
  @Get('login')
  @Public()
  @Answers(302)
  async login(@Req() request: BerthRequest, @Res() response: Response, @Query() query: OidcLoginQueryDto) {
    this.provider.assertSetUp();
    await this.rateLimit.countLogin(request.ip ?? 'unknown', response);
    await this.orTell(request, response, async () => {
      const { url, secrets } = await this.provider.begin();
      await this.pending.keep(response, { ...secrets, returnTo: returnPath(query.return_to) });
      return url.href;
    });
  }

  /** Where the provider sends the browser back to. */
  @Get('callback')
  @Public()
  @Answers(302)
  async callback(@Req() request: BerthRequest, @Res() response: Response) {
    this.provider.assertSetUp();
    await this.orTell(request, response, async () => {
      const login = await this.pending.take(request.headers.cookie, response);
      if (!login) {
        throw new BerthError(
          'forbidden',
          'the sign-in took too long, or was begun in another browser; try again',
        );
      }
      const claims = await this.provider.finish(new URL(request.url, 'http://_').search, login);
      const previous = (await this.auth.findSession(request))?.session ?? null;
      const identity = identityOf(claims, this.provider.settings);
      const { secret } = await this.signIns.signIn(identity, String(request.id), previous);
      this.cookies.set(response, secret);
      return login.returnTo;
    });
  }

  private async orTell(
    request: BerthRequest,
    response: Response,
    work: () => Promise<string>,
  ): Promise<void> {
    response.setHeader('Cache-Control', 'no-store');
    let goal: string;
    try {
      goal = await work();
    } catch (error) {
      const { code, message } = translateError(error);
      if (code === 'internal') {
        this.logger.error({ err: error, requestId: String(request.id) }, 'sign-in failed unexpectedly');
      }
      goal = `/sign-in?error=${encodeURIComponent(message)}`;
    }
    response.redirect(302, goal);
  }
}
