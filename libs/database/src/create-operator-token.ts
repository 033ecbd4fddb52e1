import { parseArgs } from 'node:util';

import { loadDatabaseConfig } from '@berth/config';
import { createDataSource } from './data-source';
import { insertOperatorToken } from './operator-token';
import { inTransaction } from './transaction';

const USAGE = 'usage: node libs/database/dist/create-operator-token.js --name NAME (1 to 100 characters)';

/**
 * `node libs/database/dist/create-operator-token.js --name NAME`: prints a new operator token on stdout, once. For the first
 * token of an installation, and for operators who lost theirs: whoever reaches the database may. Each call makes another one.
 */
async function main(): Promise<void> {
  const name = nameGiven();
  const dataSource = createDataSource({
    url: loadDatabaseConfig(process.env).postgresUrl,
    poolSize: 1,
    applicationName: 'berth-create-operator-token',
  });
  await dataSource.initialize();
  try {
    console.log(await inTransaction(dataSource, (em) => insertOperatorToken(em, name)));
  } finally {
    await dataSource.destroy();
  }
}

function nameGiven(): string {
  const { values } = parseArgs({ options: { name: { type: 'string' } } });
  const name = values.name?.trim() ?? '';
  if (name === '' || name.length > 100) throw new Error(USAGE);
  return name;
}

main().catch((error: unknown) => {
  console.error(`create-operator-token: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
