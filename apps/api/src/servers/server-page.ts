import type { ServerView } from '@berth/contracts';
import type { EntityManager } from 'typeorm';
import type { Caller } from '../http/request-context';
import { findServer } from './server-lookup';
import { serverView, surroundingsOf } from './server-presenter';

/**
 * A server as this caller may see it, both statements at once: it is asked for more often than anything else. Throws
 * `not_found`.
 */
export async function serverById(
  em: EntityManager,
  caller: Caller,
  id: string,
  withDeleted = false,
): Promise<ServerView> {
  const [server, around] = await Promise.all([
    findServer(em, caller, id, withDeleted),
    surroundingsOf(em, [id]),
  ]);
  return serverView(server, around.get(id)!, caller);
}
