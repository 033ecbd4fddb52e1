import type { DataSource } from 'typeorm';

/** Any number, the same for every instance. */
const MIGRATION_LOCK = 7_305_811;

/**
 * Brings an initialized data source's schema up to date and gives the names of the migrations run. Instances that
 * start at the same time wait for each other: TypeORM itself takes no lock.
 */
export async function runMigrations(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const done = await dataSource.runMigrations();
    return done.map((migration) => migration.name);
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await runner.query('RESET statement_timeout').catch(() => undefined);
    await runner.release();
  }
}
