import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AnyToken, OperatorOnly } from '../auth/access.decorator';
import { EmptyBodyDto } from '../http/empty-body.dto';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { OperationActionsService } from './operation-actions.service';
import { OperationStreamService } from './operation-stream.service';
import {
  ListOperationsQueryDto,
  OperationAnswerDto,
  OperationEventsDto,
  OperationListDto,
  OperationLogDto,
} from './operations.dto';
import { OperationsService } from './operations.service';

@ApiTags('operations')
@Controller('v1/operations')
export class OperationsController {
  constructor(
    @Inject(OperationsService) private readonly operations: OperationsService,
    @Inject(OperationActionsService) private readonly actions: OperationActionsService,
    @Inject(OperationStreamService) private readonly streams: OperationStreamService,
  ) {}

  @Get()
  @AnyToken()
  @Answers(200, OperationListDto)
  list(@Context() context: RequestContext, @Query() query: ListOperationsQueryDto) {
    return this.operations.list(context, query);
  }

  @Get(':id')
  @AnyToken()
  @Answers(200, OperationAnswerDto)
  get(@Context() context: RequestContext, @Param('id') id: string) {
    return this.operations.get(context, id);
  }

  /** What happened to it, in the order of time: asked for, taken, each step's last try, its end. */
  @Get(':id/log')
  @AnyToken()
  @Answers(200, OperationLogDto)
  log(@Context() context: RequestContext, @Param('id') id: string) {
    return this.operations.log(context, id);
  }

  /**
   * Server-sent events: `operation` with the operation as JSON, at once and after each change, until it has ended; then
   * `server` with what came of it, unless there is none any more.
   */
  @Get(':id/events')
  @AnyToken()
  @ApiProduces('text/event-stream')
  @Answers(200, OperationEventsDto)
  async events(@Context() { caller }: RequestContext, @Param('id') id: string, @Res() response: Response) {
    await this.streams.stream(id, caller, response);
  }

  @Post(':id/actions/cancel')
  @AnyToken()
  @Answers(202, OperationAnswerDto)
  cancel(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.cancel(context, id);
  }

  @Post(':id/actions/retry')
  @OperatorOnly()
  @Answers(202, OperationAnswerDto)
  retry(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.retry(context, id);
  }
}
