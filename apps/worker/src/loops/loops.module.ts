import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module';
import { IdempotencyCleanupLoop } from './idempotency-cleanup.loop';
import { ObserverModule } from './observer/observer.module';
import { ReconcileLoop } from './reconcile.loop';
import { SnapshotsModule } from './snapshots/snapshots.module';
import { SuspensionsModule } from './suspensions/suspensions.module';
import { UsageModule } from './usage/usage.module';

@Module({
  imports: [ObserverModule, OperationsModule, SnapshotsModule, SuspensionsModule, UsageModule],
  providers: [IdempotencyCleanupLoop, ReconcileLoop],
  exports: [IdempotencyCleanupLoop, ObserverModule, ReconcileLoop, SnapshotsModule, SuspensionsModule, UsageModule],
})
export class LoopsModule {}
