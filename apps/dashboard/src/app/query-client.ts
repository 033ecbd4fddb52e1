import { QueryClient } from '@tanstack/react-query';
import { ApiError, isOffline } from '../api/errors';

/**
 * What is shown is kept fresh by the live stream, so nothing is asked for again by time alone. Refusals are final; only an
 * API that can't be reached is tried again, and the live stream says when it is back.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => (isOffline(error) || !(error instanceof ApiError)) && failures < 2,
    },
    mutations: { retry: false },
  },
});
