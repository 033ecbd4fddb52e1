import { createDataSource } from '@berth/database';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Log } from './log';

const RETRY_MS = 1000;

/** Waits for Postgres rather than failing: a worker that starts before its database is no error. */
export async function connectDatabase(
  options: { url: string; poolSize: number },
  log: Log,
): Promise<DataSource> {
  const dataSource = createDataSource({ ...options, applicationName: 'berth-worker' });
  for (;;) {
    try {
      return await dataSource.initialize();
    } catch (error) {
      log.warn({ err: error }, `Postgres can't be reached; trying again in ${RETRY_MS} ms`);
      await delay(RETRY_MS);
    }
  }
}
