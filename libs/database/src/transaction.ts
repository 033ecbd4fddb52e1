import type { DataSource, EntityManager } from 'typeorm';
import { postgresErrorOf } from './postgres-error';

const RETRYABLE = new Set(['40001' /* serialization_failure */, '40P01' /* deadlock_detected */]);
const ATTEMPTS = 5;

/**
 * Runs `work` in one transaction, with its manager only. A deadlock or serialization failure is tried again (five times
 * in all): `work` must have no effect outside of the database.
 */
export function inTransaction<T>(
  dataSource: DataSource,
  work: (em: EntityManager) => Promise<T>,
): Promise<T> {
  return withRetries(() => dataSource.transaction(work));
}

/** As inTransaction, with all of its statements seeing the moment of the first one that reads. */
export function inSnapshot<T>(dataSource: DataSource, work: (em: EntityManager) => Promise<T>): Promise<T> {
  return withRetries(() => dataSource.transaction('REPEATABLE READ', work));
}

/** As inTransaction, for a single statement: that is a transaction by itself, and takes one round trip. */
export function inStatement<T>(dataSource: DataSource, sql: string, parameters: unknown[]): Promise<T> {
  return withRetries(() => dataSource.query(sql, parameters));
}

async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const code = postgresErrorOf(error)?.code;
      if (attempt >= ATTEMPTS || !code || !RETRYABLE.has(code)) throw error;
    }
  }
}
