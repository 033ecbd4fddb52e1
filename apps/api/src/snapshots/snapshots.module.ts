import { Module } from '@nestjs/common';
import { ServerSnapshotsController } from './server-snapshots.controller';
import { SnapshotClonesService } from './snapshot-clones.service';
import { SnapshotsController } from './snapshots.controller';
import { SnapshotsService } from './snapshots.service';

@Module({
  controllers: [SnapshotsController, ServerSnapshotsController],
  providers: [SnapshotsService, SnapshotClonesService],
})
export class SnapshotsModule {}
