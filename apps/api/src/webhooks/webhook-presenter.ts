import type { WebhookDeliveryView, WebhookView } from '@berth/contracts';
import { EventEntity, type WebhookDeliveryEntity, type WebhookEndpointEntity } from '@berth/database';
import { type EntityManager, In } from 'typeorm';
import { isoTime } from '../http/time';

/** `secret` is shown once. */
export type NewWebhookBody = { webhook: WebhookView; secret?: string };

export const presentWebhook = (endpoint: WebhookEndpointEntity): WebhookView => {
  const until = endpoint.previousSecretUntil;
  return {
    id: endpoint.id,
    tenant_id: endpoint.tenantId,
    url: endpoint.url,
    events: endpoint.events,
    description: endpoint.description,
    enabled: endpoint.enabled,
    disabled_reason: endpoint.disabledReason,
    previous_secret_until: until !== null && until > new Date() ? isoTime(until) : null,
    created_at: isoTime(endpoint.createdAt),
  };
};

export async function presentDeliveries(
  em: EntityManager,
  deliveries: WebhookDeliveryEntity[],
): Promise<WebhookDeliveryView[]> {
  const events = await em.findBy(EventEntity, { id: In(deliveries.map(({ eventId }) => eventId)) });
  const eventOf = new Map(events.map((event) => [event.id, event]));
  // One whose event was cleaned up between the two questions is gone as well.
  return deliveries.flatMap((delivery) => {
    const event = eventOf.get(delivery.eventId);
    return event ? [deliveryView(delivery, event)] : [];
  });
}

function deliveryView(delivery: WebhookDeliveryEntity, event: EventEntity): WebhookDeliveryView {
  return {
    id: delivery.id,
    webhook_id: delivery.endpointId,
    event: { id: event.id, type: event.type, subject: event.subject, at: isoTime(event.at) },
    status: delivery.status,
    redelivery_of: delivery.redeliveryOf,
    attempts: delivery.attempts,
    response_status: delivery.responseStatus,
    response_body: delivery.responseBody,
    error: delivery.error,
    duration_ms: delivery.durationMs,
    last_attempt_at: isoTime(delivery.lastAttemptAt),
    next_attempt_at: isoTime(delivery.nextAttemptAt),
    created_at: isoTime(delivery.createdAt),
    finished_at: isoTime(delivery.finishedAt),
  };
}
