import { Module } from '@nestjs/common';
import { IpPoolsController } from './ip-pools.controller';
import { IpPoolsService } from './ip-pools.service';

@Module({ controllers: [IpPoolsController], providers: [IpPoolsService] })
export class IpPoolsModule {}
