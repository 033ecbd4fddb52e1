import { Module } from '@nestjs/common';
import { HostsModule } from '../../hosts/hosts.module';
import { HostSampling } from './host-sampling';
import { MeteringLoop } from './metering.loop';
import { UsageClaims } from './usage-claims';
import { UsageSamplerLoop } from './usage-sampler.loop';
import { UsageUpkeepLoop } from './usage-upkeep.loop';

@Module({
  imports: [HostsModule],
  providers: [HostSampling, MeteringLoop, UsageClaims, UsageSamplerLoop, UsageUpkeepLoop],
  exports: [MeteringLoop, UsageSamplerLoop, UsageUpkeepLoop],
})
export class UsageModule {}
