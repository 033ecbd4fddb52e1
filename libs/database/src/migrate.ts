import { loadDatabaseConfig } from '@berth/config';
import { createDataSource } from './data-source';
import { runMigrations } from './run-migrations';

/** `node libs/database/dist/migrate.js`: a step of every deployment, before API and workers start. */
async function main(): Promise<void> {
  const dataSource = createDataSource({
    url: loadDatabaseConfig(process.env).postgresUrl,
    poolSize: 2,
    applicationName: 'berth-migrate',
  });
  await dataSource.initialize();
  try {
    const done = await runMigrations(dataSource);
    console.log(done.length > 0 ? `migrated: ${done.join(', ')}` : 'the schema is up to date');
  } finally {
    await dataSource.destroy();
  }
}

main().catch((error: unknown) => {
  console.error(`migrate: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
