import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module';
import { ExportsModule } from './exports/exports.module';
import { IdempotencyCleanupLoop } from './idempotency-cleanup.loop';
import { ObserverModule } from './observer/observer.module';
import { ReconcileLoop } from './reconcile.loop';
import { SessionCleanupLoop } from './session-cleanup.loop';
import { SnapshotsModule } from './snapshots/snapshots.module';
import { SuspensionsModule } from './suspensions/suspensions.module';
import { UsageModule } from './usage/usage.module';
import { WebhooksModule } from './webhooks/webhooks.module';

@Module({
  imports: [
    ExportsModule,
    ObserverModule,
    OperationsModule,
    SnapshotsModule,
    SuspensionsModule,
    UsageModule,
    WebhooksModule,
  ],
  providers: [IdempotencyCleanupLoop, ReconcileLoop, SessionCleanupLoop],
  exports: [
    ExportsModule,
    IdempotencyCleanupLoop,
    ObserverModule,
    ReconcileLoop,
    SessionCleanupLoop,
    SnapshotsModule,
    SuspensionsModule,
    UsageModule,
    WebhooksModule,
  ],
})
export class LoopsModule {}
