import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { OperationAnswerDto } from '../operations/operations.dto';
import { NewServerAnswerDto } from '../servers/servers.dto';
import { SnapshotClonesService } from './snapshot-clones.service';
import {
  CloneSnapshotDto,
  ListSnapshotsQueryDto,
  RollbackSnapshotDto,
  SnapshotAnswerDto,
  SnapshotListDto,
} from './snapshots.dto';
import { SnapshotsService } from './snapshots.service';

@ApiTags('snapshots')
@Controller('v1/snapshots')
@AnyToken()
export class SnapshotsController {
  constructor(
    @Inject(SnapshotsService) private readonly snapshots: SnapshotsService,
    @Inject(SnapshotClonesService) private readonly clones: SnapshotClonesService,
  ) {}

  @Get()
  @Answers(200, SnapshotListDto)
  list(@Context() context: RequestContext, @Query() query: ListSnapshotsQueryDto) {
    return this.snapshots.list(context, query);
  }

  @Get(':id')
  @Answers(200, SnapshotAnswerDto)
  get(@Context() context: RequestContext, @Param('id') id: string) {
    return this.snapshots.get(context, id);
  }

  @Delete(':id')
  @Answers(202, OperationAnswerDto)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.snapshots.delete(context, id);
  }

  /** Its server's files are as they were, and with `memory` its processes; what was written since is lost. Settings and other snapshots stay. */
  @Post(':id/actions/rollback')
  @Answers(202, OperationAnswerDto)
  rollback(@Context() context: RequestContext, @Param('id') id: string, @Body() body: RollbackSnapshotDto) {
    return this.snapshots.rollback(context, id, body.memory);
  }

  /** A new server with its files, on the same host, with name, addresses, machine id, SSH host keys and password of its own. */
  @Post(':id/actions/clone')
  @Answers(202, NewServerAnswerDto)
  clone(@Context() context: RequestContext, @Param('id') id: string, @Body() body: CloneSnapshotDto) {
    return this.clones.clone(context, id, body);
  }
}
