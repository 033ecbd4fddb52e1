import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { EmptyBodyDto } from '../http/empty-body.dto';
import { Answers } from '../openapi/answers';
import { HostEnrolmentService } from './host-enrolment.service';
import { HostMetricsService } from './host-metrics.service';
import {
  CreateHostDto,
  HostAnswerDto,
  HostListDto,
  HostMetricsAnswerDto,
  HostMetricsQueryDto,
  HostOperationAnswerDto,
  ListHostsQueryDto,
  PatchHostDto,
} from './hosts.dto';
import { HostsService } from './hosts.service';

@ApiTags('hosts')
@Controller('v1/hosts')
export class HostsController {
  constructor(
    @Inject(HostsService) private readonly hosts: HostsService,
    @Inject(HostEnrolmentService) private readonly enrolment: HostEnrolmentService,
    @Inject(HostMetricsService) private readonly fill: HostMetricsService,
  ) {}

  @Get()
  @OperatorOnly()
  @Answers(200, HostListDto)
  list(@Query() query: ListHostsQueryDto) {
    return this.hosts.list(query);
  }

  @Get(':id')
  @OperatorOnly()
  @Answers(200, HostAnswerDto)
  get(@Param('id') id: string) {
    return this.hosts.get(id);
  }

  /**
   * How full it was over time, in steps of five minutes or more: what its servers used, what was sold of it, and its capacity.
   * The last day where nothing is asked for; up to the last 30 days.
   */
  @Get(':id/metrics')
  @OperatorOnly()
  @Answers(200, HostMetricsAnswerDto)
  metrics(@Param('id') id: string, @Query() query: HostMetricsQueryDto) {
    return this.fill.get(id, query);
  }

  @Post()
  @OperatorOnly()
  @Answers(202, HostOperationAnswerDto)
  enrol(@Context() context: RequestContext, @Body() body: CreateHostDto) {
    return this.enrolment.enrol(context, body);
  }

  @Patch(':id')
  @OperatorOnly()
  @Answers(200, HostAnswerDto)
  patch(@Context() context: RequestContext, @Param('id') id: string, @Body() body: PatchHostDto) {
    return this.hosts.patch(context, id, body);
  }

  @Delete(':id')
  @OperatorOnly()
  @Answers(204)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.hosts.delete(context, id);
  }

  @Post(':id/actions/cordon')
  @OperatorOnly()
  @Answers(200, HostAnswerDto)
  cordon(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.hosts.cordon(context, id);
  }

  @Post(':id/actions/uncordon')
  @OperatorOnly()
  @Answers(200, HostAnswerDto)
  uncordon(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.hosts.uncordon(context, id);
  }
}
