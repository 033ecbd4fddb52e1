import {
  createTemplateBodySchema,
  listTemplatesQuerySchema,
  patchTemplateBodySchema,
  templateSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateTemplateDto extends createZodDto(createTemplateBodySchema) {}
export class PatchTemplateDto extends createZodDto(patchTemplateBodySchema) {}
export class ListTemplatesQueryDto extends createZodDto(listTemplatesQuerySchema) {}
export class TemplateAnswerDto extends oneOf('template', templateSchema) {}
export class TemplateListDto extends listOf('templates', templateSchema) {}
