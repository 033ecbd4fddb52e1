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

/** Null: there is none of this id any more. */
export const serverNameQuery = (id: string) =>
  queryOptions({
    queryKey: ['server_names', id],
    queryFn: async ({ signal }) => {
      const query = { search: id, per_page: '1' };
      const { servers } = await answerOf(api.GET('/v1/servers', { params: { query }, signal }));
      return servers.find((server) => server.id === id)?.name ?? null;
    },
    staleTime: 5 * 60_000,
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
