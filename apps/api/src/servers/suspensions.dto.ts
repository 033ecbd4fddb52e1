import { suspendBodySchema, terminateBodySchema, unsuspendBodySchema } from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';

export class SuspendDto extends createZodDto(suspendBodySchema) {}
export class UnsuspendDto extends createZodDto(unsuspendBodySchema) {}
export class TerminateDto extends createZodDto(terminateBodySchema) {}
