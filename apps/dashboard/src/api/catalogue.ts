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
