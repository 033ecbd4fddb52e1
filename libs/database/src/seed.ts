import { loadDatabaseConfig } from '@berth/config';
import { createDataSource } from './data-source';
import { seedDemo } from './seed-demo';

/** `node libs/database/dist/seed.js`: prints the demo's tokens as JSON on stdout. */
async function main(): Promise<void> {
  const dataSource = createDataSource({
    url: loadDatabaseConfig(process.env).postgresUrl,
    poolSize: 2,
    applicationName: 'berth-seed',
  });
  await dataSource.initialize();
  try {
    console.log(JSON.stringify(await seedDemo(dataSource)));
  } finally {
    await dataSource.destroy();
  }
}

main().catch((error: unknown) => {
  console.error(`seed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
