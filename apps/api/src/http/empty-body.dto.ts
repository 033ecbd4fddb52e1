import { emptyBodySchema } from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';

/** For actions that take nothing: unknown fields are refused there too. */
export class EmptyBodyDto extends createZodDto(emptyBodySchema) {}
