import { beancountersAnswerSchema, serverMetricsQuerySchema, serverMetricsSchema } from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { oneOf } from '../openapi/answers';

export class BeancountersAnswerDto extends createZodDto(beancountersAnswerSchema) {}
export class ServerMetricsQueryDto extends createZodDto(serverMetricsQuerySchema) {}
export class ServerMetricsAnswerDto extends oneOf('metrics', serverMetricsSchema) {}
