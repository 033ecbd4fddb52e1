import type { ServerView } from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import type { Caller } from '../http/request-context';
import { notFound } from '../http/reference';
import { deletedSinceFor } from './server-lookup';
import { presentServerOfId } from './server-presenter';

/** A server as this caller may see it. Throws `not_found`. */
export async function serverById(
  em: EntityManager,
  caller: Caller,
  id: string,
  withDeleted = false,
): Promise<ServerView> {
  const server = await presentServerOfId(em, caller, id, {
    tenantId: caller.tenantId,
    deletedSince: deletedSinceFor(caller, withDeleted),
  });
  if (!server) throw notFound('server', id);
  return server;
}
