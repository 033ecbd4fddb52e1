import {
  oidcLoginQuerySchema,
  sessionSchema,
  signInProviderSchema,
  startSessionBodySchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { oneOf } from '../openapi/answers';

export class StartSessionDto extends createZodDto(startSessionBodySchema) {}
export class SessionAnswerDto extends oneOf('session', sessionSchema) {}
export class CurrentSessionAnswerDto extends oneOf('session', sessionSchema.nullable()) {}
export class ProvidersAnswerDto extends createZodDto(
  z.object({ providers: z.array(signInProviderSchema) }),
) {}
export class OidcLoginQueryDto extends createZodDto(oidcLoginQuerySchema) {}
