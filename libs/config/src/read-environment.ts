import type { z } from 'zod';

import { EnvironmentError } from './environment-error';

/** The environment as given to a process: `process.env`, or an object in tests. */
export type Environment = Record<string, string | undefined>;

/**
 * Parses the variables a schema names and ignores the others. An empty value counts as not set, since that is what
 * `VARIABLE= command` and empty lines of an env file mean.
 * @throws {EnvironmentError} with all problems at once.
 */
export function readEnvironment<T extends z.ZodType>(schema: T, env: Environment): z.output<T> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new EnvironmentError(
    result.error.issues.map((issue) => {
      const variable = issue.path.join('.');
      return { variable, problem: variable in given ? issue.message : 'is missing' };
    }),
  );
}
