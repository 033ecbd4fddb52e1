import { Module } from '@nestjs/common';
import { HostsModule } from '../../hosts/hosts.module';
import { TemplatesModule } from '../../templates/templates.module';
import { BootRecovery } from './boot-recovery';
import { HostClaims } from './host-claims';
import { HostObservation } from './host-observation';
import { ObservedChanges } from './observed-changes';
import { ObserverLoop } from './observer.loop';
import { SnapshotComparer } from './snapshot-comparer';

@Module({
  imports: [HostsModule, TemplatesModule],
  providers: [BootRecovery, HostClaims, HostObservation, ObservedChanges, ObserverLoop, SnapshotComparer],
  exports: [ObserverLoop],
})
export class ObserverModule {}
