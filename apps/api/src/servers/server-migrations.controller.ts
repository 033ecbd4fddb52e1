import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { OperationAnswerDto } from '../operations/operations.dto';
import { ServerMigrationsService } from './server-migrations.service';
import { MigrateServerDto } from './servers.dto';

@ApiTags('servers')
@Controller('v1/servers/:id/actions')
export class ServerMigrationsController {
  constructor(@Inject(ServerMigrationsService) private readonly migrations: ServerMigrationsService) {}

  /**
   * To another host of its location; id range, addresses, limits, snapshots and counters come along. `result` tells, while
   * it runs, how many bytes have gone. It can be cancelled until the target takes over.
   */
  @Post('migrate')
  @OperatorOnly()
  @Answers(202, OperationAnswerDto)
  migrate(@Context() context: RequestContext, @Param('id') id: string, @Body() body: MigrateServerDto) {
    return this.migrations.migrate(context, id, body);
  }
}
