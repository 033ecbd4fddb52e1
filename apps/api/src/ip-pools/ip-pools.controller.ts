import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import {
  CreateIpPoolDto,
  ListIpPoolsQueryDto,
  ListPoolAddressesQueryDto,
  PatchIpPoolDto,
  IpPoolAnswerDto,
  IpPoolListDto,
  PoolAddressesDto,
} from './ip-pools.dto';
import { IpPoolsService } from './ip-pools.service';
import { PoolAddressesService } from './pool-addresses.service';

@ApiTags('ip_pools')
@Controller('v1/ip_pools')
export class IpPoolsController {
  constructor(
    @Inject(IpPoolsService) private readonly pools: IpPoolsService,
    @Inject(PoolAddressesService) private readonly addresses: PoolAddressesService,
  ) {}

  @Get()
  @OperatorOnly()
  @Answers(200, IpPoolListDto)
  list(@Query() query: ListIpPoolsQueryDto) {
    return this.pools.list(query);
  }

  @Get(':id')
  @OperatorOnly()
  @Answers(200, IpPoolAnswerDto)
  get(@Param('id') id: string) {
    return this.pools.get(id);
  }

  /** What became of each address, in order: IPv4 all of the network, IPv6 those that servers have. */
  @Get(':id/addresses')
  @OperatorOnly()
  @Answers(200, PoolAddressesDto)
  listAddresses(@Param('id') id: string, @Query() query: ListPoolAddressesQueryDto) {
    return this.addresses.list(id, query);
  }

  @Post()
  @OperatorOnly()
  @Answers(201, IpPoolAnswerDto)
  create(@Context() context: RequestContext, @Body() body: CreateIpPoolDto) {
    return this.pools.create(context, body);
  }

  @Patch(':id')
  @OperatorOnly()
  @Answers(200, IpPoolAnswerDto)
  patch(@Context() context: RequestContext, @Param('id') id: string, @Body() body: PatchIpPoolDto) {
    return this.pools.patch(context, id, body);
  }

  @Delete(':id')
  @OperatorOnly()
  @Answers(204)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.pools.delete(context, id);
  }
}
