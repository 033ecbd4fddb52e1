import { BerthError } from '@berth/domain';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import type { BerthRequest, Caller } from '../http/request-context';
import { ACCESS, type Access } from './access.decorator';
import { RateLimitService } from './rate-limit.service';
import { type Authenticated, bearerOf, RequestAuthService } from './request-auth.service';
import { isRead } from './same-origin';

function forbid(message: string): never {
  throw new BerthError('forbidden', message);
}

/** Throws `forbidden` where this caller may not use a route that is for these roles. */
export function assertMay(caller: Caller, access: Access | undefined, method: string): void {
  if (!access || !(access as readonly string[]).includes(caller.role)) {
    forbid(`a ${caller.role} token can't use this route`);
  }
  const scope = isRead(method) ? 'read' : 'write';
  if (!caller.scopes.includes(scope)) forbid(`this token lacks the scope ${scope}`);
  if (caller.tenantStatus === 'terminated') forbid('the tenant was terminated');
  if (caller.tenantStatus === 'suspended' && !isRead(method)) {
    forbid('the tenant is suspended: it can read, but change nothing');
  }
}

/** Who is it, how often, and may they. A route that doesn't say whom it is for is closed. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(RequestAuthService) private readonly auth: RequestAuthService,
    @Inject(RateLimitService) private readonly rateLimit: RateLimitService,
  ) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      execution.getHandler(),
      execution.getClass(),
    ]);
    if (access === 'public') return true;
    const request = execution.switchToHttp().getRequest<BerthRequest>();
    const response = execution.switchToHttp().getResponse<Response>();
    // What is about the session alone counts for no token.
    const secret = access === 'session' ? null : bearerOf(request.headers.authorization);
    const begun = secret === null ? null : this.rateLimit.begin(secret);
    const { caller, session } = await this.authenticate(request, response);
    request.caller = caller;
    if (session) request.session = session;
    if (access === 'session') {
      if (!session)
        throw new BerthError('unauthorized', 'there is no session: the request came with a token');
      // Who may no longer ask anything, or only read, still signs out: nothing but the session itself is at stake.
      return true;
    }
    await this.rateLimit.count(caller, response, begun);
    assertMay(caller, access, request.method);
    return true;
  }

  private async authenticate(request: BerthRequest, response: Response): Promise<Authenticated> {
    try {
      return await this.auth.authenticate(request);
    } catch (error) {
      if (error instanceof BerthError && error.code === 'unauthorized')
        await this.rateLimit.countFailure(request.ip ?? 'unknown', response);
      throw error;
    }
  }
}
