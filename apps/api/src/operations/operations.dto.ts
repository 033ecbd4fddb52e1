import {
  listOperationsQuerySchema,
  operationLogSchema,
  operationSchema,
  serverSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { listOf, oneOf } from '../openapi/answers';

export class ListOperationsQueryDto extends createZodDto(listOperationsQuerySchema) {}
export class OperationAnswerDto extends oneOf('operation', operationSchema) {}
export class OperationListDto extends listOf('operations', operationSchema) {}
export class OperationLogDto extends createZodDto(operationLogSchema) {}
/** The data of each event of an operation's stream, by the event's name. */
export class OperationEventsDto extends createZodDto(
  z.object({ operation: operationSchema, server: serverSchema }),
) {}
