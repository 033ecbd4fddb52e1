export { startPostgres, type PostgresOptions, type RunningPostgres } from './services/postgres';
export { startRedis, type RedisOptions, type RunningRedis } from './services/redis';
export { freePort } from './services/free-port';
export { ServiceError } from './services/service-error';
export { StackUnderTest } from './testing/stack-under-test';
export { ApiClient } from './platform/api-client';
export { operationDone } from './platform/operations';
