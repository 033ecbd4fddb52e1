import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { BillingOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { SuspendDto, TerminateDto, UnsuspendDto } from '../servers/suspensions.dto';
import { TenantSuspensionsService } from './tenant-suspensions.service';
import {
  CreateTenantDto,
  ListTenantsQueryDto,
  PatchTenantDto,
  TenantActionAnswerDto,
  TenantAnswerDto,
  TenantListDto,
} from './tenants.dto';
import { TenantsService } from './tenants.service';

@ApiTags('tenants')
@Controller('v1/tenants')
export class TenantsController {
  constructor(
    @Inject(TenantsService) private readonly tenants: TenantsService,
    @Inject(TenantSuspensionsService) private readonly suspensions: TenantSuspensionsService,
  ) {}

  @Get()
  @BillingOnly()
  @Answers(200, TenantListDto)
  list(@Query() query: ListTenantsQueryDto) {
    return this.tenants.list(query);
  }

  @Get(':id')
  @BillingOnly()
  @Answers(200, TenantAnswerDto)
  get(@Param('id') id: string) {
    return this.tenants.get(id);
  }

  @Post()
  @BillingOnly()
  @Answers(201, TenantAnswerDto)
  create(@Context() context: RequestContext, @Body() body: CreateTenantDto) {
    return this.tenants.create(context, body);
  }

  @Patch(':id')
  @BillingOnly()
  @Answers(200, TenantAnswerDto)
  patch(@Context() context: RequestContext, @Param('id') id: string, @Body() body: PatchTenantDto) {
    return this.tenants.patch(context, id, body);
  }

  /** Its tokens can read, but change nothing; its servers are stopped, or cut off the network. */
  @Post(':id/actions/suspend')
  @BillingOnly()
  @Answers(202, TenantActionAnswerDto)
  suspend(@Context() context: RequestContext, @Param('id') id: string, @Body() body: SuspendDto) {
    return this.suspensions.suspend(context, id, body);
  }

  /** Servers run again that did before. Takes a termination back as well, until its grace is over. */
  @Post(':id/actions/unsuspend')
  @BillingOnly()
  @Answers(202, TenantActionAnswerDto)
  unsuspend(@Context() context: RequestContext, @Param('id') id: string, @Body() body: UnsuspendDto) {
    return this.suspensions.unsuspend(context, id, body);
  }

  /** Its tokens can do nothing any more; its servers are stopped now, and deleted when the grace is over. */
  @Post(':id/actions/terminate')
  @BillingOnly()
  @Answers(202, TenantActionAnswerDto)
  terminate(@Context() context: RequestContext, @Param('id') id: string, @Body() body: TerminateDto) {
    return this.suspensions.terminate(context, id, body);
  }
}
