import { quotaQuerySchema, quotaSchema } from '@berth/contracts';
import { TenantEntity } from '@berth/database';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { DataSource } from 'typeorm';
import { AnyToken } from '../auth/access.decorator';
import { tenantOf } from '../auth/tenant-scope';
import { findByReference } from '../http/reference';
import { Context, type RequestContext } from '../http/request-context';
import { Answers, oneOf } from '../openapi/answers';
import { quotaAmounts, usedBy } from '../tenants/tenant-quota';

class QuotaQueryDto extends createZodDto(quotaQuerySchema) {}
class QuotaAnswerDto extends oneOf('quota', quotaSchema) {}

@ApiTags('quota')
@Controller('v1/quota')
export class QuotaController {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  /** What the tenant may have, and has. Billing and operators name it by `tenant_id`. */
  @Get()
  @AnyToken()
  @Answers(200, QuotaAnswerDto)
  async get(@Context() { caller }: RequestContext, @Query() query: QuotaQueryDto) {
    const tenantId = tenantOf(caller, query.tenant_id);
    const tenant = await findByReference(this.dataSource.manager, TenantEntity, 'tenant', tenantId, {});
    return { quota: { tenant_id: tenant.id, limits: quotaAmounts(tenant), used: usedBy(tenant) } };
  }
}
