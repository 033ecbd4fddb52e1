import { z } from 'zod';

import { type Environment, readEnvironment } from './read-environment';
import { sharedShape } from './shared-schema';

const schema = z.object({ BERTH_POSTGRES_URL: sharedShape.BERTH_POSTGRES_URL });

export interface DatabaseConfig {
  postgresUrl: string;
}

/**
 * For commands that need the database alone (migrate, seed).
 * @throws {EnvironmentError} naming the variable.
 */
export function loadDatabaseConfig(env: Environment): DatabaseConfig {
  return { postgresUrl: readEnvironment(schema, env).BERTH_POSTGRES_URL };
}
