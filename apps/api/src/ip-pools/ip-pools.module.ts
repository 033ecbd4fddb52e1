import { Module } from '@nestjs/common';
import { IpPoolsController } from './ip-pools.controller';
import { IpPoolsService } from './ip-pools.service';
import { PoolAddressesService } from './pool-addresses.service';

@Module({ controllers: [IpPoolsController], providers: [IpPoolsService, PoolAddressesService] })
export class IpPoolsModule {}
