import type { ErrorCode } from '@berth/contracts';
import { postgresErrorOf, refusalOf } from '@berth/database';
import { BerthError } from '@berth/domain';
import { HttpException } from '@nestjs/common';

const UNAVAILABLE = 'a service that the API needs does not answer; try again';

/** What a violated constraint means to the caller. */
const constraintMessages: Record<string, string> = {
  servers_external_id: 'another server of this tenant has this external_id',
  tenants_external_id_key: 'another tenant has this external_id',
  plans_name: 'another plan has this name',
  templates_name: 'another template has this name',
  locations_name_key: 'another location has this name',
  snapshots_name: 'another snapshot of this server has this name',
  hosts_name: 'another host has this name',
};

function ofPostgres(error: unknown): BerthError | null {
  const refusal = refusalOf(error);
  if (refusal) return refusal;
  const found = postgresErrorOf(error);
  if (!found) return null;
  const make = (code: ErrorCode, message: string) => new BerthError(code, message, {}, { cause: error });
  switch (found.code) {
    case '23505':
      return make(
        'uniqueness_error',
        constraintMessages[found.constraint ?? ''] ?? 'another thing has the same unique value',
      );
    case '23P01':
      return make('conflict', 'it overlaps with one that exists');
    case '23503':
      return make('conflict', 'it is still in use, or what it refers to was deleted meanwhile');
    case '22P02': // invalid_text_representation
    case '22P05': // untranslatable_character
    case '22021': // character_not_in_repertoire
    case '22003': // numeric_value_out_of_range
      return make('invalid_input', 'a value is out of range or not text that can be stored');
    case '40001':
    case '40P01':
      return make('unavailable', 'too many requests change the same things; try again');
    default:
      return /^(08|57P|53)/.test(found.code) ? make('unavailable', UNAVAILABLE) : null;
  }
}

const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'ENOENT']);

/** Postgres or Redis gone: what their drivers throw without an error code of the server's. */
function ofLostConnection(error: unknown): BerthError | null {
  if (!(error instanceof Error)) return null;
  const cause = (error as { driverError?: unknown }).driverError ?? error;
  const { code, message } = cause as { code?: string; message: string };
  const lost =
    (code !== undefined && (NETWORK_CODES.has(code) || /^(08|57P|53)/.test(code))) ||
    /Connection terminated|timeout exceeded when trying to connect|Connection is closed|max retries per request|Client has encountered a connection error/i.test(
      message,
    );
  return lost ? new BerthError('unavailable', UNAVAILABLE, {}, { cause: error }) : null;
}

function ofHttp(error: unknown): BerthError | null {
  const status = error instanceof HttpException ? error.getStatus() : (error as { status?: unknown })?.status;
  if (typeof status !== 'number' || status >= 500) return null;
  if (status === 404) return new BerthError('not_found', 'there is no such route', {}, { cause: error });
  return new BerthError(
    'invalid_input',
    'the request can not be understood',
    { fields: [] },
    { cause: error },
  );
}

/** Any error as the one that the caller is told. What nobody expected becomes `internal`, without its text. */
export function translateError(error: unknown): BerthError {
  if (error instanceof BerthError) return error;
  return (
    ofPostgres(error) ??
    ofLostConnection(error) ??
    ofHttp(error) ??
    new BerthError(
      'internal',
      'an internal error occurred; tell the request_id to the provider',
      {},
      { cause: error },
    )
  );
}
