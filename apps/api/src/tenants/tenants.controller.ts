import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { BillingOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import {
  CreateTenantDto,
  ListTenantsQueryDto,
  PatchTenantDto,
  TenantAnswerDto,
  TenantListDto,
} from './tenants.dto';
import { TenantsService } from './tenants.service';

@ApiTags('tenants')
@Controller('v1/tenants')
export class TenantsController {
  constructor(@Inject(TenantsService) private readonly tenants: TenantsService) {}

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
}
