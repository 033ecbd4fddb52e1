import { Module, type DynamicModule } from '@nestjs/common';
import { ConsolesModule } from './consoles/consoles.module';
import { CoreModule } from './core/core.module';
import type { WorkerOptions } from './core/worker-options';
import { ExecModule } from './exec/exec.module';
import { HealthController } from './health/health.controller';
import { HostsModule } from './hosts/hosts.module';
import { LiveUsageModule } from './live-usage/live-usage.module';
import { LoopsModule } from './loops/loops.module';
import { OperationsModule } from './operations/operations.module';
import { WorkerLifecycle } from './worker-lifecycle';

@Module({})
export class WorkerModule {
  static forRoot(options: WorkerOptions): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        CoreModule.forRoot(options),
        HostsModule,
        OperationsModule,
        LoopsModule,
        ExecModule,
        ConsolesModule,
        LiveUsageModule,
      ],
      controllers: options.config.healthPort === null ? [] : [HealthController],
      providers: [WorkerLifecycle],
    };
  }
}
