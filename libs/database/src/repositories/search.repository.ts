import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** What a search text is compared with; never a part of a statement. */
interface SearchParameters {
  searchPart: string;
  searchBeginning: string;
  /** Ids that begin with it lie between the two; the same impossible id twice where none can. */
  searchFrom: string;
  searchTo: string;
}

const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Of fewer digits nearly every id begins with them, and a short name is meant. */
const MIN_ID_DIGITS = 4;

function idRange(text: string): { searchFrom: string; searchTo: string } {
  const digits = text.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(digits) || digits.length < MIN_ID_DIGITS)
    return { searchFrom: NO_ID, searchTo: NO_ID };
  return { searchFrom: digits.padEnd(32, '0'), searchTo: digits.padEnd(32, 'f') };
}

function parametersOf(text: string): SearchParameters {
  const escaped = text.replace(/[\\%_]/g, '\\$&');
  return {
    searchPart: `%${escaped}%`,
    searchBeginning: `${escaped.toLowerCase()}%`,
    ...idRange(text),
  };
}

const ID_FITS = (id: string) => `${id} BETWEEN :searchFrom::uuid AND :searchTo::uuid`;

// A union, so that each part finds its rows by its own index; an OR over several tables reads them all.
const SERVERS_BY_NAME = (alive: string) =>
  `SELECT id FROM servers WHERE (name ILIKE :searchPart OR hostname ILIKE :searchPart OR external_id ILIKE :searchPart) ${alive}`;
const SERVERS_BY_ADDRESS = `SELECT server_id FROM addresses WHERE server_id IS NOT NULL AND host(address) LIKE :searchBeginning`;
const SERVERS_BY_TENANT = (alive: string) =>
  `SELECT id FROM servers WHERE tenant_id IN (SELECT id FROM tenants WHERE name ILIKE :searchPart) ${alive}`;

/** Which servers a search may find, and by what. */
export interface ServerSearch {
  text: string;
  /** Deleted ones too. */
  deleted: boolean;
  /** By the name of their tenant too. */
  byTenant: boolean;
}

/** Keeps the servers (alias `server`) that a text means: see `search` in listServersQuerySchema. */
export function whereServerFits<E extends ObjectLiteral>(
  query: SelectQueryBuilder<E>,
  { text, deleted, byTenant }: ServerSearch,
): void {
  const alive = deleted ? '' : 'AND deleted_at IS NULL';
  const found = [
    SERVERS_BY_NAME(alive),
    SERVERS_BY_ADDRESS,
    `SELECT id FROM servers WHERE ${ID_FITS('id')}`,
    ...(byTenant ? [SERVERS_BY_TENANT(alive)] : []),
  ];
  query.andWhere(`server.id IN (${found.join(' UNION ALL ')})`, parametersOf(text));
}

/** Keeps the operations (alias `op`) whose id, or whose server's id, name or hostname a text means. */
export function whereOperationFits<E extends ObjectLiteral>(
  query: SelectQueryBuilder<E>,
  text: string,
): void {
  const servers = `SELECT id FROM servers WHERE name ILIKE :searchPart OR hostname ILIKE :searchPart`;
  query.andWhere(
    `(${ID_FITS('op.id')} OR ${ID_FITS('op.server_id')} OR op.server_id IN (${servers}))`,
    parametersOf(text),
  );
}

/** Keeps the tenants (alias `tenant`) whose name or external id has the text in it, or whose id begins with it. */
export function whereTenantFits<E extends ObjectLiteral>(query: SelectQueryBuilder<E>, text: string): void {
  query.andWhere(
    `(tenant.name ILIKE :searchPart OR tenant.external_id ILIKE :searchPart OR ${ID_FITS('tenant.id')})`,
    parametersOf(text),
  );
}
