import { Module } from '@nestjs/common';
import { HostEnrolmentService } from './host-enrolment.service';
import { HostMetricsService } from './host-metrics.service';
import { HostsController } from './hosts.controller';
import { HostsService } from './hosts.service';

@Module({
  controllers: [HostsController],
  providers: [HostsService, HostEnrolmentService, HostMetricsService],
})
export class HostsModule {}
