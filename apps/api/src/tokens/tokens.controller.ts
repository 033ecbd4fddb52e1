import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import {
  CreateTokenDto,
  ListTokensQueryDto,
  NewTokenAnswerDto,
  TokenAnswerDto,
  TokenListDto,
} from './tokens.dto';
import { TokensService } from './tokens.service';

@ApiTags('tokens')
@Controller('v1/tokens')
export class TokensController {
  constructor(@Inject(TokensService) private readonly tokens: TokensService) {}

  @Get()
  @AnyToken()
  @Answers(200, TokenListDto)
  list(@Context() context: RequestContext, @Query() query: ListTokensQueryDto) {
    return this.tokens.list(context, query);
  }

  @Get(':id')
  @AnyToken()
  @Answers(200, TokenAnswerDto)
  get(@Context() context: RequestContext, @Param('id') id: string) {
    return this.tokens.get(context, id);
  }

  @Post()
  @AnyToken()
  @Answers(201, NewTokenAnswerDto)
  create(@Context() context: RequestContext, @Body() body: CreateTokenDto) {
    return this.tokens.create(context, body);
  }

  @Delete(':id')
  @AnyToken()
  @Answers(204)
  revoke(@Context() context: RequestContext, @Param('id') id: string) {
    return this.tokens.revoke(context, id);
  }
}
