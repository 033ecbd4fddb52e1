import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from './auth.guard';
import { RateLimitService } from './rate-limit.service';
import { TokenLookupService } from './token-lookup.service';

@Global()
@Module({
  providers: [TokenLookupService, RateLimitService, { provide: APP_GUARD, useClass: AuthGuard }],
  exports: [TokenLookupService, RateLimitService],
})
export class AuthModule {}
