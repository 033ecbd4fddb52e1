import {
  createIpPoolBodySchema,
  ipPoolSchema,
  listIpPoolsQuerySchema,
  listPoolAddressesQuerySchema,
  patchIpPoolBodySchema,
  poolAddressesSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateIpPoolDto extends createZodDto(createIpPoolBodySchema) {}
export class PatchIpPoolDto extends createZodDto(patchIpPoolBodySchema) {}
export class ListIpPoolsQueryDto extends createZodDto(listIpPoolsQuerySchema) {}
export class IpPoolAnswerDto extends oneOf('ip_pool', ipPoolSchema) {}
export class IpPoolListDto extends listOf('ip_pools', ipPoolSchema) {}
export class ListPoolAddressesQueryDto extends createZodDto(listPoolAddressesQuerySchema) {}
export class PoolAddressesDto extends createZodDto(poolAddressesSchema) {}
