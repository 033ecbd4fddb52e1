import {
  createHostBodySchema,
  hostMetricsSchema,
  hostSchema,
  listHostsQuerySchema,
  operationSchema,
  patchHostBodySchema,
  serverMetricsQuerySchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateHostDto extends createZodDto(createHostBodySchema) {}
export class PatchHostDto extends createZodDto(patchHostBodySchema) {}
export class ListHostsQueryDto extends createZodDto(listHostsQuerySchema) {}
export class HostAnswerDto extends oneOf('host', hostSchema) {}
export class HostOperationAnswerDto extends createZodDto(
  z.object({ host: hostSchema, operation: operationSchema }),
) {}
export class HostListDto extends listOf('hosts', hostSchema) {}
export class HostMetricsQueryDto extends createZodDto(serverMetricsQuerySchema) {}
export class HostMetricsAnswerDto extends oneOf('metrics', hostMetricsSchema) {}
