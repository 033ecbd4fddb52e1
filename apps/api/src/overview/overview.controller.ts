import { overviewSchema } from '@berth/contracts';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OperatorOnly } from '../auth/access.decorator';
import { Answers, oneOf } from '../openapi/answers';
import { OverviewService } from './overview.service';

class OverviewAnswerDto extends oneOf('overview', overviewSchema) {}

@ApiTags('overview')
@Controller('v1/overview')
export class OverviewController {
  constructor(@Inject(OverviewService) private readonly overview: OverviewService) {}

  /** The platform at a glance, with what an operator should look at; at most a second old. */
  @Get()
  @OperatorOnly()
  @Answers(200, OverviewAnswerDto)
  async get() {
    return { overview: await this.overview.get() };
  }
}
