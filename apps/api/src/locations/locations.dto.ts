import { listLocationsQuerySchema, locationBodySchema, locationSchema } from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { listOf, oneOf } from '../openapi/answers';

export class LocationBodyDto extends createZodDto(locationBodySchema) {}
export class ListLocationsQueryDto extends createZodDto(listLocationsQuerySchema) {}
export class LocationAnswerDto extends oneOf('location', locationSchema) {}
export class LocationListDto extends listOf('locations', locationSchema) {}
