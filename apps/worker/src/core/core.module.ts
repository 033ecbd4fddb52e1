import { createMetrics, type MetricsRegistry } from '@berth/observability';
import { Global, Inject, Module, type DynamicModule } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { DataSource } from 'typeorm';
import { connectDatabase } from './connect-database';
import { createLog, LOG, type Log } from './log';
import { RedisConnections } from './redis-connections';
import { WORKER_ID, WORKER_OPTIONS, type WorkerOptions } from './worker-options';

export const METRICS = Symbol('Metrics');
export const InjectMetrics = (): ParameterDecorator & PropertyDecorator => Inject(METRICS);
export type { MetricsRegistry };

/** What everything in the worker needs: configuration, log, metrics, Postgres, Redis. */
@Global()
@Module({})
export class CoreModule {
  static forRoot(options: WorkerOptions): DynamicModule {
    const { config } = options;
    const workerId = options.workerId ?? `${hostname()}.${process.pid}.${randomBytes(4).toString('hex')}`;
    const shared = [WORKER_OPTIONS, WORKER_ID, LOG, METRICS, DataSource, RedisConnections];
    return {
      module: CoreModule,
      providers: [
        { provide: WORKER_OPTIONS, useValue: options },
        { provide: WORKER_ID, useValue: workerId },
        { provide: LOG, useFactory: () => createLog(config.logLevel).child({ worker: workerId }) },
        { provide: METRICS, useFactory: () => createMetrics('worker') },
        {
          provide: DataSource,
          inject: [LOG],
          useFactory: (log: Log) =>
            connectDatabase({ url: config.postgresUrl, poolSize: config.dbPoolSize }, log),
        },
        RedisConnections,
      ],
      exports: shared,
    };
  }
}
