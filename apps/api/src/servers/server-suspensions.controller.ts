import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { BillingOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { OperationAnswerDto } from '../operations/operations.dto';
import { ServerSuspensionsService } from './server-suspensions.service';
import { SuspendDto, TerminateDto, UnsuspendDto } from './suspensions.dto';

@ApiTags('servers')
@Controller('v1/servers/:id/actions')
@BillingOnly()
export class ServerSuspensionsController {
  constructor(@Inject(ServerSuspensionsService) private readonly suspensions: ServerSuspensionsService) {}

  /** Stopped, or cut off the network. Its customer can do nothing with it but look at it and delete it. */
  @Post('suspend')
  @Answers(202, OperationAnswerDto)
  suspend(@Context() context: RequestContext, @Param('id') id: string, @Body() body: SuspendDto) {
    return this.suspensions.suspend(context, id, body);
  }

  /** It runs again if it did before. Takes a termination back as well, until its grace is over. */
  @Post('unsuspend')
  @Answers(202, OperationAnswerDto)
  unsuspend(@Context() context: RequestContext, @Param('id') id: string, @Body() body: UnsuspendDto) {
    return this.suspensions.unsuspend(context, id, body);
  }

  /** Stopped now, deleted when the grace is over, whether it is protected or not. */
  @Post('terminate')
  @Answers(202, OperationAnswerDto)
  terminate(@Context() context: RequestContext, @Param('id') id: string, @Body() body: TerminateDto) {
    return this.suspensions.terminate(context, id, body);
  }
}
