import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { AddressEntity } from './entities/address.entity';
import { AuditEventEntity } from './entities/audit-event.entity';
import { DriftFindingEntity } from './entities/drift-finding.entity';
import { EventEntity } from './entities/event.entity';
import { HostEntity } from './entities/host.entity';
import { IpPoolEntity } from './entities/ip-pool.entity';
import { LocationEntity } from './entities/location.entity';
import { OperationStepEntity } from './entities/operation-step.entity';
import { OperationEntity } from './entities/operation.entity';
import { PlanEntity } from './entities/plan.entity';
import { ServerEntity } from './entities/server.entity';
import { ServerMigrationEntity } from './entities/server-migration.entity';
import { SessionEntity } from './entities/session.entity';
import { SnapshotEntity } from './entities/snapshot.entity';
import { TemplateEntity } from './entities/template.entity';
import { TenantEntity } from './entities/tenant.entity';
import { TokenEntity } from './entities/token.entity';
import { UsageCounterEntity } from './entities/usage-counter.entity';
import { UsageExportEntity } from './entities/usage-export.entity';
import { UsageExportRejectEntity } from './entities/usage-export-reject.entity';
import { UsageHostEntity } from './entities/usage-host.entity';
import { UsageHourEntity } from './entities/usage-hour.entity';
import { UsageRecordEntity } from './entities/usage-record.entity';
import { UsageSampleEntity } from './entities/usage-sample.entity';
import { WebhookDeliveryEntity } from './entities/webhook-delivery.entity';
import { WebhookEndpointEntity } from './entities/webhook-endpoint.entity';
import { SteadyClient } from './steady-client';
import { InitialSchema1763600000000 } from './migrations/1763600000000-initial-schema';
import { Usage1763660400000 } from './migrations/1763660400000-usage';
import { ServerFeatures1763680000000 } from './migrations/1763680000000-server-features';
import { Snapshots1763690400000 } from './migrations/1763690400000-snapshots';
import { ServerMigrations1763694000000 } from './migrations/1763694000000-server-migrations';
import { SourcesLeftBehind1763700000000 } from './migrations/1763700000000-sources-left-behind';
import { Suspensions1763790000000 } from './migrations/1763790000000-suspensions';
import { Metering1763800000000 } from './migrations/1763800000000-metering';
import { EventsAndWebhooks1763810000000 } from './migrations/1763810000000-events-and-webhooks';
import { UsageExports1763820000000 } from './migrations/1763820000000-usage-exports';
import { Sessions1763830000000 } from './migrations/1763830000000-sessions';
import { LiveAndSearch1763850000000 } from './migrations/1763850000000-live-and-search';

export interface DataSourceOptionsOfBerth {
  /** postgres:// URL. */
  url: string;
  /** Connections at most. Default 20. */
  poolSize?: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
}

/** Listed by hand: a glob would miss them in a bundle, and pick up whatever lies there. */
export const entities = [
  AddressEntity,
  AuditEventEntity,
  DriftFindingEntity,
  EventEntity,
  HostEntity,
  IpPoolEntity,
  LocationEntity,
  OperationEntity,
  OperationStepEntity,
  PlanEntity,
  ServerEntity,
  ServerMigrationEntity,
  SessionEntity,
  SnapshotEntity,
  TemplateEntity,
  TenantEntity,
  TokenEntity,
  UsageCounterEntity,
  UsageExportEntity,
  UsageExportRejectEntity,
  UsageHostEntity,
  UsageHourEntity,
  UsageRecordEntity,
  UsageSampleEntity,
  WebhookDeliveryEntity,
  WebhookEndpointEntity,
];

/** In order; see the checklist "add a migration". */
export const migrations = [
  InitialSchema1763600000000,
  Usage1763660400000,
  ServerFeatures1763680000000,
  Snapshots1763690400000,
  ServerMigrations1763694000000,
  SourcesLeftBehind1763700000000,
  Suspensions1763790000000,
  Metering1763800000000,
  EventsAndWebhooks1763810000000,
  UsageExports1763820000000,
  Sessions1763830000000,
  LiveAndSearch1763850000000,
];

/** Not yet initialized. Statements end after 30 s, a transaction left idle after 60 s: neither may hold locks for ever. */
export function createDataSource(options: DataSourceOptionsOfBerth): DataSource {
  return new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: options.applicationName,
    poolSize: options.poolSize ?? 20,
    connectTimeoutMS: 10_000,
    extra: {
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 60_000,
      keepAlive: true,
      Client: SteadyClient,
    },
    entities,
    migrations,
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
  });
}
