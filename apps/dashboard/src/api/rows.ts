import { answerOf, api } from './client';
import { PAGE_SIZE, type RowsPage } from './list';
import type { Pagination } from './types';

type Query = Record<string, string | undefined>;

interface Rows<T> {
  queryKey: readonly unknown[];
  fetchPage: (page: number, signal: AbortSignal) => Promise<RowsPage<T>>;
}

/**
 * A list of the API for a table: `/v1/ip_pools` answers `ip_pools`, and is kept under that name, by which the live stream
 * finds it. A list inside something is kept under its own last name; `key` where the API calls it otherwise.
 */
export function listRows<T>(path: string, query: Query = {}, key = path.split('/').at(-1)!): Rows<T> {
  return {
    queryKey: [key, 'list', path, query],
    fetchPage: (page, signal) => onePage<T>(path, key, { ...query, page: String(page) }, signal),
  };
}

async function onePage<T>(
  path: string,
  key: string,
  query: Query,
  signal: AbortSignal,
): Promise<RowsPage<T>> {
  const params = { query: { ...query, per_page: String(PAGE_SIZE) } };
  // Every list of the API has this shape; its type is the caller's.
  const answer = (await answerOf(
    api.GET(path as '/v1/locations', { params, signal } as never),
  )) as unknown as Record<string, T[]> & { meta: { pagination: Pagination } };
  return { rows: answer[key]!, total: answer.meta.pagination.total_entries };
}
