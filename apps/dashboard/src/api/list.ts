import type { Pagination } from './types';

/** One page of a list, whatever it is of. */
export interface RowsPage<T> {
  rows: T[];
  total: number;
}

/** Rows in one request: the API's most. */
export const PAGE_SIZE = 100;

/** Makes a page of `{ "<key>": [...], "meta": … }`. */
export function pageOf<K extends string, T>(
  answer: { [P in K]: T[] } & { meta: { pagination: Pagination } },
  key: K,
): RowsPage<T> {
  return { rows: answer[key], total: answer.meta.pagination.total_entries };
}
