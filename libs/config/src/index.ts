export { type ApiConfig, loadApiConfig } from './api-config';
export { type DatabaseConfig, loadDatabaseConfig } from './database-config';
export { EnvironmentError, type EnvironmentProblem } from './environment-error';
export type { Environment } from './read-environment';
export type { SharedConfig } from './shared-schema';
export type { OidcConfig } from './sign-in-config';
export type { UsageExportConfig, UsageSinkName } from './usage-export-config';
export { loadWorkerConfig, type WorkerConfig, type WorkerFault } from './worker-config';
