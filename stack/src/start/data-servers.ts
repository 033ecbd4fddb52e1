import { join } from 'node:path';

import type { StackPaths } from '../paths';
import { startPostgres } from '../services/postgres';
import { startRedis } from '../services/redis';

export interface DataServer {
  url: string;
  /** Null: somebody else's, which we neither stop nor clear. */
  own: { pid: number; stop(): Promise<void> } | null;
}

/** Postgres as BERTH_POSTGRES_URL says, or a private one with durable settings. */
export async function providePostgres(paths: StackPaths, env: NodeJS.ProcessEnv): Promise<DataServer> {
  if (env.BERTH_POSTGRES_URL) return { url: env.BERTH_POSTGRES_URL, own: null };
  const own = await startPostgres({ dir: paths.postgres, logFile: join(paths.logs, 'postgres.log') });
  return { url: own.url, own };
}

/** Redis as BERTH_REDIS_URL says, or a private one. */
export async function provideRedis(paths: StackPaths, env: NodeJS.ProcessEnv): Promise<DataServer> {
  if (env.BERTH_REDIS_URL) return { url: env.BERTH_REDIS_URL, own: null };
  const own = await startRedis({ dir: paths.redis, logFile: join(paths.logs, 'redis.log') });
  return { url: own.url, own };
}
