import { keepPreviousData, type QueryKey, useQueries } from '@tanstack/react-query';
import { useRef } from 'react';
import { PAGE_SIZE, type RowsPage } from '../api/list';

export interface RowsQuery<T> {
  /** `[resource, 'list', parameters]`: the live stream finds lists by it. */
  queryKey: QueryKey;
  fetchPage: (page: number, signal: AbortSignal) => Promise<RowsPage<T>>;
}

/**
 * The pages that hold rows `first` to `last` of a list that the server pages, however far down: nothing before them is
 * fetched. Rows that are not there yet are undefined.
 */
export function useRows<T>({ queryKey, fetchPage }: RowsQuery<T>, first: number, last: number) {
  const from = Math.floor(first / PAGE_SIZE) + 1;
  const to = Math.floor(Math.max(first, last) / PAGE_SIZE) + 1;
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const results = useQueries({
    queries: numbers.map((page) => ({
      queryKey: [...queryKey, page],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchPage(page, signal),
      placeholderData: keepPreviousData<RowsPage<T>>,
    })),
  });
  // Another filter: what was there stays until the answer is, or the page would jump.
  const shown = useRef<{ pages: Map<number, RowsPage<T>>; total: number | null }>({
    pages: new Map(),
    total: null,
  });
  const pages = new Map<number, RowsPage<T>>();
  results.forEach(({ data }, index) => data && pages.set(numbers[index]!, data));
  if (pages.size > 0) shown.current = { pages, total: [...pages.values()].at(-1)!.total };
  const current = shown.current;
  return {
    total: current.total,
    rowAt: (index: number): T | undefined =>
      current.pages.get(Math.floor(index / PAGE_SIZE) + 1)?.rows[index % PAGE_SIZE],
    error: results.find(({ error }) => error)?.error ?? null,
    loading: results.some(
      ({ isFetching, data, isPlaceholderData }) => isFetching && (!data || isPlaceholderData),
    ),
    retry: () => results.forEach((result) => void result.refetch()),
  };
}
