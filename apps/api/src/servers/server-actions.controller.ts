import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { EmptyBodyDto } from '../http/empty-body.dto';
import { Context, type RequestContext } from '../http/request-context';
import { OperationAnswerDto } from '../operations/operations.dto';
import { Answers } from '../openapi/answers';
import { ServerActionsService } from './server-actions.service';
import { ServerExecService } from './server-exec.service';
import {
  ChangeProtectionDto,
  ExecAnswerDto,
  ExecDto,
  NewPasswordAnswerDto,
  ResetPasswordDto,
  SetHostnameDto,
  StopServerDto,
} from './servers.dto';

@ApiTags('servers')
@Controller('v1/servers/:id')
@AnyToken()
export class ServerActionsController {
  constructor(
    @Inject(ServerActionsService) private readonly actions: ServerActionsService,
    @Inject(ServerExecService) private readonly commands: ServerExecService,
  ) {}

  @Post('actions/start')
  @Answers(202, OperationAnswerDto)
  start(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.start(context, id);
  }

  @Post('actions/stop')
  @Answers(202, OperationAnswerDto)
  stop(@Context() context: RequestContext, @Param('id') id: string, @Body() body: StopServerDto) {
    return this.actions.stop(context, id, body.timeout_s);
  }

  @Post('actions/restart')
  @Answers(202, OperationAnswerDto)
  restart(@Context() context: RequestContext, @Param('id') id: string, @Body() body: StopServerDto) {
    return this.actions.restart(context, id, body.timeout_s);
  }

  @Post('actions/kill')
  @Answers(202, OperationAnswerDto)
  kill(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.kill(context, id);
  }

  /** All processes stand still where they are; memory stays, connections wait. */
  @Post('actions/freeze')
  @Answers(202, OperationAnswerDto)
  freeze(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.freeze(context, id);
  }

  @Post('actions/unfreeze')
  @Answers(202, OperationAnswerDto)
  unfreeze(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.unfreeze(context, id);
  }

  /** Frozen to disk: no memory is held until `restore`, and a boot of the host doesn't end it. Shows as `frozen` and `checkpointed`. */
  @Post('actions/checkpoint')
  @Answers(202, OperationAnswerDto)
  checkpoint(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.checkpoint(context, id);
  }

  /** The processes of the checkpoint go on where they were. */
  @Post('actions/restore')
  @Answers(202, OperationAnswerDto)
  restore(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.actions.restore(context, id);
  }

  @Post('actions/reset_password')
  @Answers(202, NewPasswordAnswerDto)
  resetPassword(@Context() context: RequestContext, @Param('id') id: string, @Body() body: ResetPasswordDto) {
    return this.actions.resetPassword(context, id, body.root_password);
  }

  @Post('actions/set_hostname')
  @Answers(202, OperationAnswerDto)
  setHostname(@Context() context: RequestContext, @Param('id') id: string, @Body() body: SetHostnameDto) {
    return this.actions.setHostname(context, id, body.hostname);
  }

  @Post('actions/change_protection')
  @Answers(202, OperationAnswerDto)
  changeProtection(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Body() body: ChangeProtectionDto,
  ) {
    return this.actions.changeProtection(context, id, body.delete);
  }

  /** Runs a command and waits for its end. No shell: the words of `command` are the program and its arguments. */
  @Post('exec')
  @Answers(200, ExecAnswerDto)
  exec(@Context() context: RequestContext, @Param('id') id: string, @Body() body: ExecDto) {
    return this.commands.exec(context, id, body);
  }
}
