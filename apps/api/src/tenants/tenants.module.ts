import { Module } from '@nestjs/common';
import { TenantsController } from './tenants.controller';
import { TenantSuspensionsService } from './tenant-suspensions.service';
import { TenantsService } from './tenants.service';

@Module({ controllers: [TenantsController], providers: [TenantSuspensionsService, TenantsService] })
export class TenantsModule {}
