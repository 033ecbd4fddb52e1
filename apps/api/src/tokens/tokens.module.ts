import { Module } from '@nestjs/common';
import { TenantTokensController } from './tenant-tokens.controller';
import { TokensController } from './tokens.controller';
import { TokensService } from './tokens.service';

@Module({ controllers: [TokensController, TenantTokensController], providers: [TokensService] })
export class TokensModule {}
