import { queryOptions } from '@tanstack/react-query';
import { refreshMs, spanOf, type TimeRange } from '../components/time-range';
import type { Points } from '../components/time-points';
import { answerOf, api } from './client';
import type { components } from './schema.gen';

type Answered = components['schemas']['ServerMetricsAnswerDto']['metrics'];
/** The document's types know no pairs. */
export type ServerMetrics = Omit<Answered, 'series'> & { series: Record<keyof Answered['series'], Points> };

const LIVE_MS = 5000;

/** What the server holds now, counted on its host for every answer. */
export const beancountersQuery = (id: string) =>
  queryOptions({
    queryKey: ['beancounters', id],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v1/servers/{id}/beancounters', { params: { path: { id } }, signal })),
    refetchInterval: LIVE_MS,
  });

export const metricsQuery = (id: string, range: TimeRange) =>
  queryOptions({
    queryKey: ['metrics', id, range],
    queryFn: async ({ signal }) => {
      const params = { path: { id }, query: spanOf(range) };
      const { metrics } = await answerOf(api.GET('/v1/servers/{id}/metrics', { params, signal }));
      return metrics as unknown as ServerMetrics;
    },
    refetchInterval: refreshMs(range),
  });
