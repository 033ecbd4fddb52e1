import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken, OperatorOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import {
  CreateTemplateDto,
  ListTemplatesQueryDto,
  PatchTemplateDto,
  TemplateAnswerDto,
  TemplateListDto,
} from './templates.dto';
import { TemplatesService } from './templates.service';

@ApiTags('templates')
@Controller('v1/templates')
export class TemplatesController {
  constructor(@Inject(TemplatesService) private readonly templates: TemplatesService) {}

  @Get()
  @AnyToken()
  @Answers(200, TemplateListDto)
  list(@Context() context: RequestContext, @Query() query: ListTemplatesQueryDto) {
    return this.templates.list(context, query);
  }

  @Get(':id')
  @AnyToken()
  @Answers(200, TemplateAnswerDto)
  get(@Context() context: RequestContext, @Param('id') id: string) {
    return this.templates.get(context, id);
  }

  @Post()
  @OperatorOnly()
  @Answers(201, TemplateAnswerDto)
  create(@Context() context: RequestContext, @Body() body: CreateTemplateDto) {
    return this.templates.create(context, body);
  }

  @Patch(':id')
  @OperatorOnly()
  @Answers(200, TemplateAnswerDto)
  patch(@Context() context: RequestContext, @Param('id') id: string, @Body() body: PatchTemplateDto) {
    return this.templates.patch(context, id, body);
  }

  @Delete(':id')
  @OperatorOnly()
  @Answers(204)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.templates.delete(context, id);
  }
}
