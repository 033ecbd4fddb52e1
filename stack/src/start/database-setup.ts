import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PROJECT_ROOT } from '../paths';

const run = promisify(execFile);

/** What the database's seed command hands over, once. */
export interface Seed {
  operatorToken: string;
  billingToken: string;
  customerToken: string;
  tenantId: string;
}

/** Brings the schema up to date. @throws with the program's own words. */
export async function migrate(postgresUrl: string): Promise<void> {
  await databaseProgram('migrate.js', postgresUrl);
}

/** Makes the demo tenant, tokens, the location `lab` and the plans. */
export async function seed(postgresUrl: string): Promise<Seed> {
  const { stdout } = await databaseProgram('seed.js', postgresUrl);
  const lastLine = stdout.trim().split('\n').at(-1) ?? '';
  return JSON.parse(lastLine) as Seed;
}

async function databaseProgram(name: string, postgresUrl: string): Promise<{ stdout: string }> {
  const program = join(PROJECT_ROOT, 'libs/database/dist', name);
  try {
    return await run(process.execPath, [program], {
      cwd: PROJECT_ROOT,
      env: { ...process.env, BERTH_POSTGRES_URL: postgresUrl },
    });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`libs/database/dist/${name} failed: ${stderr?.trim() || message}`, { cause: error });
  }
}
