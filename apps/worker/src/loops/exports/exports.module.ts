import { Module } from '@nestjs/common';
import { ExportClaims } from './export-claims';
import { UsageExportLoop } from './usage-export.loop';
import { UsageExporter } from './usage-exporter';

@Module({
  providers: [ExportClaims, UsageExportLoop, UsageExporter],
  exports: [UsageExportLoop],
})
export class ExportsModule {}
