import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken, OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { CreatePlanDto, ListPlansQueryDto, PatchPlanDto, PlanAnswerDto, PlanListDto } from './plans.dto';
import { PlansService } from './plans.service';

@ApiTags('plans')
@Controller('v1/plans')
export class PlansController {
  constructor(@Inject(PlansService) private readonly plans: PlansService) {}

  @Get()
  @AnyToken()
  @Answers(200, PlanListDto)
  list(@Query() query: ListPlansQueryDto) {
    return this.plans.list(query);
  }

  @Get(':id')
  @AnyToken()
  @Answers(200, PlanAnswerDto)
  get(@Param('id') id: string) {
    return this.plans.get(id);
  }

  @Post()
  @OperatorOnly()
  @Answers(201, PlanAnswerDto)
  create(@Context() context: RequestContext, @Body() body: CreatePlanDto) {
    return this.plans.create(context, body);
  }

  @Patch(':id')
  @OperatorOnly()
  @Answers(200, PlanAnswerDto)
  patch(@Context() context: RequestContext, @Param('id') id: string, @Body() body: PatchPlanDto) {
    return this.plans.patch(context, id, body);
  }

  @Delete(':id')
  @OperatorOnly()
  @Answers(204)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.plans.delete(context, id);
  }
}
