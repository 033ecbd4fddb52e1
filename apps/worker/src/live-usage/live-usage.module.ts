import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module';
import { LiveUsageService } from './live-usage.service';

@Module({ imports: [HostsModule], providers: [LiveUsageService], exports: [LiveUsageService] })
export class LiveUsageModule {}
