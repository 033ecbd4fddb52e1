import { liveEventsSchema } from '@berth/contracts';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { AnyToken } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { LiveStreamsService } from './live-streams.service';

class LiveEventsDto extends createZodDto(liveEventsSchema) {}

@ApiTags('live')
@Controller('v1/stream')
@AnyToken()
export class LiveController {
  constructor(@Inject(LiveStreamsService) private readonly streams: LiveStreamsService) {}

  /**
   * Server-sent events of all that changes and that this token may see. The schema tells the data of each event by its name:
   * `hello` at once, then `operation` and `server` with what they are now, `changed` with kinds of other things, `overflow`
   * instead of many single messages (fetch the lists), and `beat` every 5 s.
   */
  @Get()
  @ApiProduces('text/event-stream')
  @Answers(200, LiveEventsDto)
  async stream(@Context() context: RequestContext, @Res() response: Response): Promise<void> {
    await this.streams.open(context, response);
  }
}
