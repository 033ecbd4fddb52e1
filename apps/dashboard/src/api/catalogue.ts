import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from './client';

/** Those that people choose from are few; more than one page of them would fit in no menu. */
const all = { params: { query: { per_page: '100', sort: 'name:asc' } } };

export const plansQuery = queryOptions({
  queryKey: ['plans', 'choices'],
  queryFn: async ({ signal }) => {
    const { plans } = await answerOf(
      api.GET('/v1/plans', { params: { query: { per_page: '100', sort: 'created_at:asc' } }, signal }),
    );
    return plans;
  },
});

export const templatesQuery = queryOptions({
  queryKey: ['templates', 'choices'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/v1/templates', { ...all, signal }))).templates,
});

export const locationsQuery = queryOptions({
  queryKey: ['locations', 'choices'],
  queryFn: async ({ signal }) => (await answerOf(api.GET('/v1/locations', { ...all, signal }))).locations,
});

/** Of a tenant; a customer's own where it is not said. */
export const quotaQuery = (tenantId?: string) =>
  queryOptions({
    queryKey: ['quota', tenantId ?? 'own'],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/quota', { params: { query: { tenant_id: tenantId } }, signal }))).quota,
  });

/** Pages of 100. */
const MOST_PAGES = 20;

/** All hosts' names by id, in one go: lists of servers would ask for each of them. For operators; names hardly ever change. */
export const hostNamesQuery = queryOptions({
  queryKey: ['host_names'],
  queryFn: async ({ signal }) => {
    const names = new Map<string, string>();
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const query = { per_page: '100', page: String(page), sort: 'name:asc' };
      const { hosts, meta } = await answerOf(api.GET('/v1/hosts', { params: { query }, signal }));
      for (const { id, name } of hosts) names.set(id, name);
      if (meta.pagination.next_page === null) break;
    }
    return names;
  },
  staleTime: 5 * 60_000,
});
