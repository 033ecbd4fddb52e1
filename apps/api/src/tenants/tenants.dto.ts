import {
  createTenantBodySchema,
  listTenantsQuerySchema,
  patchTenantBodySchema,
  tenantSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateTenantDto extends createZodDto(createTenantBodySchema) {}
export class PatchTenantDto extends createZodDto(patchTenantBodySchema) {}
export class ListTenantsQueryDto extends createZodDto(listTenantsQuerySchema) {}
export class TenantAnswerDto extends oneOf('tenant', tenantSchema) {}
/** `operations`: ids of those that bring it to its servers. */
export class TenantActionAnswerDto extends createZodDto(
  z.object({ tenant: tenantSchema, operations: z.array(z.uuid()) }),
) {}
export class TenantListDto extends listOf('tenants', tenantSchema) {}
