import { Module } from '@nestjs/common';
import { OidcProvider } from './oidc/oidc-provider.service';
import { OidcSignInService } from './oidc/oidc-sign-in.service';
import { OidcController } from './oidc/oidc.controller';
import { PendingLogins } from './oidc/pending-logins.service';
import { SessionsController } from './sessions.controller';
import { SessionsService } from './sessions.service';

@Module({
  controllers: [SessionsController, OidcController],
  providers: [OidcProvider, OidcSignInService, PendingLogins, SessionsService],
})
export class SessionsModule {}
