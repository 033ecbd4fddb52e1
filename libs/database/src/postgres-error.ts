import { BerthError } from '@berth/domain';
import { QueryFailedError } from 'typeorm';

export interface PostgresError {
  code: string;
  constraint?: string;
  detail?: string;
  message: string;
}

/** The driver's error behind a failed query; null for anything else. */
export function postgresErrorOf(error: unknown): PostgresError | null {
  if (!(error instanceof QueryFailedError)) return null;
  const driverError = error.driverError as Partial<PostgresError>;
  return typeof driverError.code === 'string' ? (driverError as PostgresError) : null;
}

/** True for a violation of this unique index or constraint (any, where no name is given). */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const found = postgresErrorOf(error);
  return found?.code === '23505' && (constraint === undefined || found.constraint === constraint);
}

/** What the database's own rules refused, as the API's error; null for anything else. */
export function refusalOf(error: unknown): BerthError | null {
  const found = postgresErrorOf(error);
  if (!found) return null;
  const details = (): Record<string, unknown> => JSON.parse(found.detail ?? '{}') as Record<string, unknown>;
  switch (found.code) {
    case 'BQ001': {
      const { resource, limit, used, requested } = details();
      return new BerthError(
        'quota_exceeded',
        `the tenant's quota of ${String(resource)} is ${String(limit)}; ${String(used)} in use, ${String(requested)} requested`,
        { resource, limit, used, requested },
        { cause: error },
      );
    }
    case 'BC001':
      return new BerthError('no_capacity', `the host has no room: ${String(details().resource)}`, details(), {
        cause: error,
      });
    case '57014': // statement_timeout
    case '55P03': // lock_timeout
    case '53300': // too many connections
      return new BerthError('unavailable', 'the database is busy; try again', {}, { cause: error });
    default:
      return null;
  }
}
