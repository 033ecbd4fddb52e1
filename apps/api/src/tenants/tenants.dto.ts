import {
  createTenantBodySchema,
  listTenantsQuerySchema,
  patchTenantBodySchema,
  tenantSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateTenantDto extends createZodDto(createTenantBodySchema) {}
export class PatchTenantDto extends createZodDto(patchTenantBodySchema) {}
export class ListTenantsQueryDto extends createZodDto(listTenantsQuerySchema) {}
export class TenantAnswerDto extends oneOf('tenant', tenantSchema) {}
export class TenantListDto extends listOf('tenants', tenantSchema) {}
