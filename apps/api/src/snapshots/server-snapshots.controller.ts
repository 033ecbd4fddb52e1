import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import {
  CreateSnapshotDto,
  ListServerSnapshotsQueryDto,
  NewSnapshotAnswerDto,
  SnapshotListDto,
} from './snapshots.dto';
import { SnapshotsService } from './snapshots.service';

@ApiTags('snapshots')
@Controller('v1/servers/:id/snapshots')
@AnyToken()
export class ServerSnapshotsController {
  constructor(@Inject(SnapshotsService) private readonly snapshots: SnapshotsService) {}

  @Get()
  @Answers(200, SnapshotListDto)
  list(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: ListServerSnapshotsQueryDto,
  ) {
    return this.snapshots.list(context, { ...query, server: id });
  }

  /** Of all files at one moment, while the server runs; with `memory` its processes stand still for it. Copy-on-write: it takes no longer for a bigger disk. */
  @Post()
  @Answers(202, NewSnapshotAnswerDto)
  create(@Context() context: RequestContext, @Param('id') id: string, @Body() body: CreateSnapshotDto) {
    return this.snapshots.create(context, id, body);
  }
}
