import { WebhookDeliveryEntity, WebhookEndpointEntity } from '@berth/database';
import { type EntityManager, type FindOptionsWhere, Not } from 'typeorm';
import { ownOnly } from '../auth/tenant-scope';
import { isUuid, notFound } from '../http/reference';
import type { Caller } from '../http/request-context';

/** Part of a where: a customer's own, for billing all but operators'. */
function visibleTo(caller: Caller): FindOptionsWhere<WebhookEndpointEntity> {
  return caller.role === 'billing' ? { audience: Not('operator') } : ownOnly(caller);
}

/** The endpoint, of those that this caller may see. Throws `not_found`. */
export async function findWebhook(
  em: EntityManager,
  caller: Caller,
  id: string,
): Promise<WebhookEndpointEntity> {
  const found = isUuid(id) ? await em.findOneBy(WebhookEndpointEntity, { id, ...visibleTo(caller) }) : null;
  if (!found) throw notFound('webhook', id);
  return found;
}

/** As findWebhook, with its row locked until the transaction ends. */
export async function lockWebhook(
  em: EntityManager,
  caller: Caller,
  id: string,
): Promise<WebhookEndpointEntity> {
  const where = { id: (await findWebhook(em, caller, id)).id };
  const found = await em.findOne(WebhookEndpointEntity, { where, lock: { mode: 'pessimistic_write' } });
  if (!found) throw notFound('webhook', id);
  return found;
}

/** The delivery, of endpoints that this caller may see. Throws `not_found`. */
export async function findDelivery(
  em: EntityManager,
  caller: Caller,
  id: string,
): Promise<WebhookDeliveryEntity> {
  const found = isUuid(id) ? await em.findOneBy(WebhookDeliveryEntity, { id }) : null;
  const own =
    found && (await em.existsBy(WebhookEndpointEntity, { id: found.endpointId, ...visibleTo(caller) }));
  if (!found || !own) throw notFound('webhook delivery', id);
  return found;
}
