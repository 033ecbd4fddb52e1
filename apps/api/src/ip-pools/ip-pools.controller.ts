import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import {
  CreateIpPoolDto,
  ListIpPoolsQueryDto,
  PatchIpPoolDto,
  IpPoolAnswerDto,
  IpPoolListDto,
} from './ip-pools.dto';
import { IpPoolsService } from './ip-pools.service';

@ApiTags('ip_pools')
@Controller('v1/ip_pools')
export class IpPoolsController {
  constructor(@Inject(IpPoolsService) private readonly pools: IpPoolsService) {}

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
