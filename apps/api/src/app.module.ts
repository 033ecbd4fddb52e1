import type { ApiConfig } from '@berth/config';
import { httpLoggerParams } from '@berth/observability';
import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { InjectConfig } from './api-config';
import { AuditEventsController } from './audit-events/audit-events.controller';
import { AuthModule } from './auth/auth.module';
import { CommandsModule } from './commands/commands.module';
import { ConsolesModule } from './consoles/consoles.module';
import { ConfigModule } from './config.module';
import { DatabaseModule } from './database/database.module';
import { DriftController } from './drift/drift.controller';
import { HealthController } from './health/health.controller';
import { HostsModule } from './hosts/hosts.module';
import { ErrorFilter } from './http/error.filter';
import { jsonBody } from './http/json-body.middleware';
import { ValidationPipe } from './http/validation.pipe';
import { IpPoolsModule } from './ip-pools/ip-pools.module';
import { JobsController } from './jobs/jobs.controller';
import { LiveModule } from './live/live.module';
import { LocationsModule } from './locations/locations.module';
import { MetricsModule } from './metrics/metrics.module';
import { OperationsModule } from './operations/operations.module';
import { OverviewModule } from './overview/overview.module';
import { PlansModule } from './plans/plans.module';
import { QuotaController } from './quota/quota.controller';
import { RedisModule } from './redis/redis.module';
import { ServerUsageModule } from './server-usage/server-usage.module';
import { ServersModule } from './servers/servers.module';
import { SessionsModule } from './sessions/sessions.module';
import { SnapshotsModule } from './snapshots/snapshots.module';
import { TemplatesModule } from './templates/templates.module';
import { TenantsModule } from './tenants/tenants.module';
import { TokensModule } from './tokens/tokens.module';
import { UsageModule } from './usage/usage.module';
import { WebhooksModule } from './webhooks/webhooks.module';

const foundations = [DatabaseModule, RedisModule, AuthModule, CommandsModule, MetricsModule];
const resources = [
  ConsolesModule,
  HostsModule,
  IpPoolsModule,
  LiveModule,
  LocationsModule,
  OperationsModule,
  OverviewModule,
  PlansModule,
  ServersModule,
  ServerUsageModule,
  SessionsModule,
  SnapshotsModule,
  TemplatesModule,
  TenantsModule,
  TokensModule,
  UsageModule,
  WebhooksModule,
];

@Module({})
export class AppModule implements NestModule {
  constructor(@InjectConfig() private readonly config: ApiConfig) {}

  static with(config: ApiConfig): DynamicModule {
    const logging = LoggerModule.forRoot(httpLoggerParams({ level: config.logLevel, service: 'api' }));
    return {
      module: AppModule,
      imports: [logging, ConfigModule.with(config), ...foundations, ...resources],
      controllers: [
        AuditEventsController,
        DriftController,
        HealthController,
        JobsController,
        QuotaController,
      ],
      providers: [
        { provide: APP_FILTER, useClass: ErrorFilter },
        { provide: APP_PIPE, useClass: ValidationPipe },
      ],
    };
  }

  /** After the logger's middleware, so that a body that is refused has a request id and a line in the log. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(jsonBody(this.config.bodyLimitBytes)).forRoutes('{*path}');
  }
}
