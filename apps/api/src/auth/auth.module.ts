import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from './auth.guard';
import { RateLimitService } from './rate-limit.service';
import { RequestAuthService } from './request-auth.service';
import { SessionCookies } from './session-cookies.service';
import { SessionLookupService } from './session-lookup.service';
import { TokenLookupService } from './token-lookup.service';

@Global()
@Module({
  providers: [
    RateLimitService,
    RequestAuthService,
    SessionCookies,
    SessionLookupService,
    TokenLookupService,
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [RateLimitService, RequestAuthService, SessionCookies, SessionLookupService, TokenLookupService],
})
export class AuthModule {}
