import type { ApiConfig } from '@berth/config';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { API_CONFIG } from './api-config';

@Global()
@Module({})
export class ConfigModule {
  static with(config: ApiConfig): DynamicModule {
    return {
      module: ConfigModule,
      providers: [{ provide: API_CONFIG, useValue: config }],
      exports: [API_CONFIG],
    };
  }
}
