import { consoleTicketSchema } from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';

export class ConsoleTicketDto extends createZodDto(consoleTicketSchema) {}
