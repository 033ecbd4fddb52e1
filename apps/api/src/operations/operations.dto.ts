import { listOperationsQuerySchema, operationSchema } from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { listOf, oneOf } from '../openapi/answers';

export class ListOperationsQueryDto extends createZodDto(listOperationsQuerySchema) {}
export class OperationAnswerDto extends oneOf('operation', operationSchema) {}
export class OperationListDto extends listOf('operations', operationSchema) {}
