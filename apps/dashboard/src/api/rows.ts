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
 * finds it. `under`: a list inside something, kept under its own last name.
 */
export function listRows<T>(path: string, query: Query = {}): Rows<T> {
  const key = path.split('/').at(-1)!;
  return {
    queryKey: [key, 'list', path, query],
    fetchPage: (page, signal) => onePage<T>(path, { ...query, page: String(page) }, signal),
  };
}

async function onePage<T>(path: string, query: Query, signal: AbortSignal): Promise<RowsPage<T>> {
  const params = { query: { ...query, per_page: String(PAGE_SIZE) } };
  // Every list of the API has this shape; its type is the caller's.
  const answer = (await answerOf(
    api.GET(path as '/v1/locations', { params, signal } as never),
  )) as unknown as Record<string, T[]> & { meta: { pagination: Pagination } };
  return { rows: answer[path.split('/').at(-1)!]!, total: answer.meta.pagination.total_entries };
}
