import { createTokenBodySchema, listTokensQuerySchema, tokenSchema } from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateTokenDto extends createZodDto(createTokenBodySchema) {}
export class ListTokensQueryDto extends createZodDto(listTokensQuerySchema) {}
export class TokenAnswerDto extends oneOf('token', tokenSchema) {}
/** `secret` is shown once: a repeated request is answered without it. */
export class NewTokenAnswerDto extends createZodDto(
  z.object({ token: tokenSchema, secret: z.string().optional() }),
) {}
export class TokenListDto extends listOf('tokens', tokenSchema) {}
