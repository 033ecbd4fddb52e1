import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from './client';

const byId = (id: string) => ({ params: { path: { id } } });

/** One thing of a kind; the live stream writes servers and operations under the same keys. */
export const operationQuery = (id: string) =>
  queryOptions({
    queryKey: ['operations', 'one', id],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/operations/{id}', { ...byId(id), signal }))).operation,
  });

export const serverQuery = (id: string) =>
  queryOptions({
    queryKey: ['servers', 'one', id],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/servers/{id}', { ...byId(id), signal }))).server,
  });

export const hostQuery = (id: string) =>
  queryOptions({
    queryKey: ['hosts', 'one', id],
    queryFn: async ({ signal }) => (await answerOf(api.GET('/v1/hosts/{id}', { ...byId(id), signal }))).host,
  });

export const tenantQuery = (id: string) =>
  queryOptions({
    queryKey: ['tenants', 'one', id],
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET('/v1/tenants/{id}', { ...byId(id), signal }))).tenant,
  });
