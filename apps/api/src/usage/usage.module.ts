import { Module } from '@nestjs/common';
import { InvoicePreviewService } from './invoice-preview.service';
import { UsageCsvService } from './usage-csv.service';
import { UsageController } from './usage.controller';
import { UsageService } from './usage.service';

@Module({
  controllers: [UsageController],
  providers: [InvoicePreviewService, UsageCsvService, UsageService],
})
export class UsageModule {}
