import {
  createPlanBodySchema,
  listPlansQuerySchema,
  patchPlanBodySchema,
  planSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreatePlanDto extends createZodDto(createPlanBodySchema) {}
export class PatchPlanDto extends createZodDto(patchPlanBodySchema) {}
export class ListPlansQueryDto extends createZodDto(listPlansQuerySchema) {}
export class PlanAnswerDto extends oneOf('plan', planSchema) {}
export class PlanListDto extends listOf('plans', planSchema) {}
