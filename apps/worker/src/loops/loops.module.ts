import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module';
import { IdempotencyCleanupLoop } from './idempotency-cleanup.loop';
import { ObserverModule } from './observer/observer.module';
import { ReconcileLoop } from './reconcile.loop';

@Module({
  imports: [ObserverModule, OperationsModule],
  providers: [IdempotencyCleanupLoop, ReconcileLoop],
  exports: [IdempotencyCleanupLoop, ObserverModule, ReconcileLoop],
})
export class LoopsModule {}
