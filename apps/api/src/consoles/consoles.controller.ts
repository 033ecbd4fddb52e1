import { Body, Controller, Get, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { EmptyBodyDto } from '../http/empty-body.dto';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { ConsoleTicketDto } from './consoles.dto';
import { ConsolesService } from './consoles.service';

@ApiTags('servers')
@Controller('v1/servers/:id')
@AnyToken()
export class ConsolesController {
  constructor(@Inject(ConsolesService) private readonly consoles: ConsolesService) {}

  /** For one WebSocket, within 30 s. The server has to be running. */
  @Post('console_tickets')
  @Answers(201, ConsoleTicketDto)
  ticket(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.consoles.issue(context, id);
  }

  /**
   * A WebSocket (`berth.console.v1`) with a ticket in its query, instead of a token: a terminal of the server's root.
   * Anything but an upgrade is refused. docs/architecture/console.md has the protocol.
   */
  @Get('console')
  @Answers(101, undefined, 'The protocol is switched')
  console(@Context() context: RequestContext, @Param('id') id: string) {
    return this.consoles.refusePlain(context, id);
  }
}
