import { Module } from '@nestjs/common';
import { ServerUsageController } from './server-usage.controller';
import { ServerUsageService } from './server-usage.service';

@Module({ controllers: [ServerUsageController], providers: [ServerUsageService] })
export class ServerUsageModule {}
