import { Module } from '@nestjs/common';
import { InvoicePreviewService } from './invoice-preview.service';
import { UsageExportService } from './usage-export.service';
import { UsageController } from './usage.controller';
import { UsageService } from './usage.service';

@Module({
  controllers: [UsageController],
  providers: [InvoicePreviewService, UsageExportService, UsageService],
})
export class UsageModule {}
