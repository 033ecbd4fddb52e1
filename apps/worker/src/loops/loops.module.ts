import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module';
import { OperationsModule } from '../operations/operations.module';
import { TemplatesModule } from '../templates/templates.module';
import { IdempotencyCleanupLoop } from './idempotency-cleanup.loop';
import { ObserverLoop } from './observer/observer.loop';
import { ReconcileLoop } from './reconcile.loop';

@Module({
  imports: [HostsModule, OperationsModule, TemplatesModule],
  providers: [IdempotencyCleanupLoop, ObserverLoop, ReconcileLoop],
  exports: [IdempotencyCleanupLoop, ObserverLoop, ReconcileLoop],
})
export class LoopsModule {}
