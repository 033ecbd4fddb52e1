/** One page of a list, whatever it is of. */
export interface RowsPage<T> {
  rows: T[];
  total: number;
}

/** Rows in one request: the API's most. */
export const PAGE_SIZE = 100;
