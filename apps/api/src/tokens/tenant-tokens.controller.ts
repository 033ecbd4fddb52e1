import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { BillingOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { CreateTokenDto, NewTokenAnswerDto } from './tokens.dto';
import { TokensService } from './tokens.service';

@ApiTags('tenants')
@Controller('v1/tenants/:id/tokens')
export class TenantTokensController {
  constructor(@Inject(TokensService) private readonly tokens: TokensService) {}

  @Post()
  @BillingOnly()
  @Answers(201, NewTokenAnswerDto)
  create(@Context() context: RequestContext, @Param('id') id: string, @Body() body: CreateTokenDto) {
    return this.tokens.createForTenant(context, id, body);
  }
}
