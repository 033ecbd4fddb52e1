import { z } from 'zod';

import { integer, networks, url } from './variables';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What every process of Berth reads. */
export const sharedShape = {
  BERTH_POSTGRES_URL: url(['postgres:', 'postgresql:']),
  BERTH_REDIS_URL: url(['redis:', 'rediss:']),
  /** Connections one process holds at most; Postgres must have room for all processes together. */
  BERTH_DB_POOL_SIZE: integer({ min: 1, max: 1000 }).prefault('20'),
  /** Lets several Berths share a Redis. No colon: BullMQ separates its keys by it. */
  BERTH_QUEUE_PREFIX: z
    .string()
    .regex(/^[a-z0-9_-]{1,40}$/, 'must be 1 to 40 of a-z, 0-9, _ and -')
    .prefault('berth'),
  BERTH_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of: ${LOG_LEVELS.join(', ')}`).prefault('info'),
  /** How long a process that was asked to end may take; then it ends with work unfinished, which resumes elsewhere. */
  BERTH_SHUTDOWN_TIMEOUT_MS: integer({ min: 0, max: 600_000 }).prefault('30000'),
  /** Networks that webhooks may reach though they are not public, such as the provider's own; see isWebhookAddressAllowed. */
  BERTH_WEBHOOK_ALLOW_PRIVATE: networks().prefault(''),
};

export interface SharedConfig {
  postgresUrl: string;
  redisUrl: string;
  dbPoolSize: number;
  queuePrefix: string;
  logLevel: (typeof LOG_LEVELS)[number];
  shutdownTimeoutMs: number;
  webhookAllowPrivate: string[];
}

type SharedVariables = z.output<z.ZodObject<typeof sharedShape>>;

export function sharedConfig(env: SharedVariables): SharedConfig {
  return {
    postgresUrl: env.BERTH_POSTGRES_URL,
    redisUrl: env.BERTH_REDIS_URL,
    dbPoolSize: env.BERTH_DB_POOL_SIZE,
    queuePrefix: env.BERTH_QUEUE_PREFIX,
    logLevel: env.BERTH_LOG_LEVEL,
    shutdownTimeoutMs: env.BERTH_SHUTDOWN_TIMEOUT_MS,
    webhookAllowPrivate: env.BERTH_WEBHOOK_ALLOW_PRIVATE,
  };
}
