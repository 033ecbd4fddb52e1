import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { AnyToken, BillingOnly } from '../auth/access.decorator';
import { Context, type RequestContext } from '../http/request-context';
import { Answers, AnswersText } from '../openapi/answers';
import { InvoicePreviewService } from './invoice-preview.service';
import { UsageCsvService } from './usage-csv.service';
import {
  InvoicePreviewAnswerDto,
  InvoicePreviewQueryDto,
  UsageAnswerDto,
  UsageCsvQueryDto,
  UsageQueryDto,
} from './usage.dto';
import { UsageService } from './usage.service';

@ApiTags('usage')
@Controller('v1')
export class UsageController {
  constructor(
    @Inject(UsageService) private readonly usage: UsageService,
    @Inject(UsageCsvService) private readonly records: UsageCsvService,
    @Inject(InvoicePreviewService) private readonly invoices: InvoicePreviewService,
  ) {}

  /** Sums of usage records, by meter and what else is asked for. */
  @Get('usage')
  @AnyToken()
  @Answers(200, UsageAnswerDto)
  sums(@Context() context: RequestContext, @Query() query: UsageQueryDto) {
    return this.usage.sums(context, query);
  }

  /** The usage records themselves, in the order in which they were written, as CSV (RFC 4180) with a header. */
  @Get('usage.csv')
  @BillingOnly()
  @AnswersText('text/csv')
  csv(@Context() context: RequestContext, @Query() query: UsageCsvQueryDto, @Res() response: Response) {
    return this.records.stream(context, query, response);
  }

  /** What a tenant has to pay for a month, by the records of its hours that are closed. Billing and operators name it. */
  @Get('invoice_preview')
  @AnyToken()
  @Answers(200, InvoicePreviewAnswerDto)
  async invoice(@Context() context: RequestContext, @Query() query: InvoicePreviewQueryDto) {
    return { invoice_preview: await this.invoices.preview(context, query) };
  }
}
