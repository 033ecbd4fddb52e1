import { useNavigate, useSearch } from '@tanstack/react-router';

type Filters = Record<string, string | undefined>;

/**
 * A list's filters are in the page's address: they survive a reload, and can be sent to somebody. An empty value takes a
 * filter away.
 */
export function useFilters(): [Filters, (change: Filters) => void] {
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const filters = Object.fromEntries(
    Object.entries(search)
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => [name, String(value)]),
  );
  const change = (changed: Filters) => {
    const next = Object.fromEntries(Object.entries({ ...filters, ...changed }).filter(([, value]) => value));
    void navigate({ to: '.', search: next as never, replace: true });
  };
  return [filters, change];
}
