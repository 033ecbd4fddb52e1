import { createHash, randomBytes } from 'node:crypto';
import { createDataSource, migrations, runMigrations } from '@berth/database';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';

export interface TestDatabase {
  url: string;
  /** Initialized. */
  dataSource: DataSource;
  /** Closes the data source and drops the database, whoever is still connected. */
  drop(): Promise<void>;
}

const TEMPLATE_LOCK = 7_305_812;

function serverUrl(): string {
  const url = process.env.BERTH_TEST_POSTGRES_URL;
  if (!url)
    throw new Error(
      'BERTH_TEST_POSTGRES_URL is not set: name the file *.int-spec.ts or *.sys-spec.ts, so that jest starts Postgres for it',
    );
  return url;
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** One migrated database that the others are copied from; its name changes with the migrations. */
async function ensureTemplate(admin: Client, url: string): Promise<string> {
  const digest = createHash('sha256')
    .update(migrations.map((migration) => migration.toString()).join('\n'))
    .digest('hex');
  const name = `berth_template_${digest.slice(0, 16)}`;
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate', [
      name,
    ]);
    if (rowCount) return name;
    await admin.query(`DROP DATABASE IF EXISTS ${name}`); // half made by a run that was ended
    await admin.query(`CREATE DATABASE ${name}`);
    const dataSource = await createDataSource({
      url: withDatabase(url, name),
      poolSize: 2,
      applicationName: 'berth-test-template',
    }).initialize();
    await runMigrations(dataSource);
    await dataSource.destroy();
    await admin.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
    return name;
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

/** A migrated, empty database of the test's own: a clone of a template takes some 50 ms. */
export async function createTestDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  const url = serverUrl();
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const name = `t_${randomBytes(6).toString('hex')}`;
  try {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${await ensureTemplate(admin, url)}`);
  } finally {
    await admin.end();
  }
  const own = withDatabase(url, name);
  const dataSource = await createDataSource({
    url: own,
    poolSize: options.poolSize ?? 10,
    applicationName: 'berth-test',
  }).initialize();
  return { url: own, dataSource, drop: () => drop(dataSource, url, name) };
}

async function drop(dataSource: DataSource, url: string, name: string): Promise<void> {
  if (dataSource.isInitialized) await dataSource.destroy();
  const admin = new Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  } finally {
    await admin.end();
  }
}
