import type { ApiConfig } from '@berth/config';
import { createDataSource } from '@berth/database';
import { Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { API_CONFIG } from '../api-config';

/** Closes the pool last, when no request is left. */
@Injectable()
class DatabaseCloser implements OnApplicationShutdown {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async onApplicationShutdown(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}

@Global()
@Module({
  providers: [
    {
      provide: DataSource,
      inject: [API_CONFIG],
      useFactory: (config: ApiConfig) =>
        createDataSource({
          url: config.postgresUrl,
          poolSize: config.dbPoolSize,
          applicationName: 'berth-api',
        }).initialize(),
    },
    DatabaseCloser,
  ],
  exports: [DataSource],
})
export class DatabaseModule {}
