import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { OperationAnswerDto } from '../operations/operations.dto';
import { Answers } from '../openapi/answers';
import { ServerActionsService } from './server-actions.service';
import { ServerOrdersService } from './server-orders.service';
import {
  CreateServerDto,
  GetServerQueryDto,
  ListServersQueryDto,
  NewServerAnswerDto,
  PatchServerDto,
  ServerAnswerDto,
  ServerListDto,
} from './servers.dto';
import { ServersService } from './servers.service';

@ApiTags('servers')
@Controller('v1/servers')
@AnyToken()
export class ServersController {
  constructor(
    @Inject(ServersService) private readonly servers: ServersService,
    @Inject(ServerOrdersService) private readonly orders: ServerOrdersService,
    @Inject(ServerActionsService) private readonly actions: ServerActionsService,
  ) {}

  @Get()
  @Answers(200, ServerListDto)
  list(@Context() context: RequestContext, @Query() query: ListServersQueryDto) {
    return this.servers.list(context, query);
  }

  @Post()
  @Answers(202, NewServerAnswerDto)
  create(@Context() context: RequestContext, @Body() body: CreateServerDto) {
    return this.orders.order(context, body);
  }

  @Get(':id')
  @Answers(200, ServerAnswerDto)
  get(@Context() context: RequestContext, @Param('id') id: string, @Query() query: GetServerQueryDto) {
    return this.servers.get(context, id, query.deleted ?? false);
  }

  @Patch(':id')
  @Answers(200, ServerAnswerDto)
  patch(@Context() context: RequestContext, @Param('id') id: string, @Body() body: PatchServerDto) {
    return this.servers.patch(context, id, body);
  }

  @Delete(':id')
  @Answers(202, OperationAnswerDto)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.actions.delete(context, id);
  }
}
