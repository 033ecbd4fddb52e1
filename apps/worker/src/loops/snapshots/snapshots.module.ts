import { Module } from '@nestjs/common';
import { HostsModule } from '../../hosts/hosts.module';
import { SnapshotSizesLoop } from './snapshot-sizes.loop';
import { SnapshotSizing } from './snapshot-sizing';

@Module({
  imports: [HostsModule],
  providers: [SnapshotSizing, SnapshotSizesLoop],
  exports: [SnapshotSizesLoop],
})
export class SnapshotsModule {}
