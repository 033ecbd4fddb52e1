import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { BeancountersAnswerDto, ServerMetricsAnswerDto, ServerMetricsQueryDto } from './server-usage.dto';
import { ServerUsageService } from './server-usage.service';

@ApiTags('servers')
@Controller('v1/servers/:id')
@AnyToken()
export class ServerUsageController {
  constructor(@Inject(ServerUsageService) private readonly usage: ServerUsageService) {}

  /**
   * What is held of each resource now, its maximum, barrier, limit, and how often it hit the limit; null: unlimited. What the
   * host can't count is left out. Where the host doesn't answer, the last sample: `live` is false then.
   */
  @Get('beancounters')
  @Answers(200, BeancountersAnswerDto)
  beancounters(@Context() context: RequestContext, @Param('id') id: string) {
    return this.usage.beancounters(context, id);
  }

  /**
   * What was used over time, in steps; null where nothing was sampled. Up to 7 days of the last 30 by the minute, beyond by the
   * hour; 1,500 points at most.
   */
  @Get('metrics')
  @Answers(200, ServerMetricsAnswerDto)
  metrics(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: ServerMetricsQueryDto,
  ) {
    return this.usage.metrics(context, id, query);
  }
}
