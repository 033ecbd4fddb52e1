import {
  invoicePreviewQuerySchema,
  invoicePreviewSchema,
  usageAnswerSchema,
  usageCsvQuerySchema,
  usageQuerySchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { oneOf } from '../openapi/answers';

export class UsageQueryDto extends createZodDto(usageQuerySchema) {}
export class UsageAnswerDto extends createZodDto(usageAnswerSchema) {}
export class UsageCsvQueryDto extends createZodDto(usageCsvQuerySchema) {}
export class InvoicePreviewQueryDto extends createZodDto(invoicePreviewQuerySchema) {}
export class InvoicePreviewAnswerDto extends oneOf('invoice_preview', invoicePreviewSchema) {}
