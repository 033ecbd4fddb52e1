import type { EntityManager } from 'typeorm';

/**
 * Stops sending to an endpoint and cancels what is pending. Before any lock on a lane of it: the order of locks is endpoint,
 * lanes, deliveries. `url`: only while it is that one. False where there was nothing to disable.
 */
export async function disableWebhook(
  em: EntityManager,
  endpointId: string,
  why: { reason: string | null; url?: string },
): Promise<boolean> {
  const [, count]: [unknown[], number] = await em.query(
    `UPDATE webhook_endpoints SET enabled = false, disabled_reason = $2, updated_at = now()
      WHERE id = $1 AND enabled AND ($3::text IS NULL OR url = $3)`,
    [endpointId, why.reason, why.url ?? null],
  );
  if (count === 0) return false;
  await em.query('DELETE FROM webhook_lanes WHERE endpoint_id = $1', [endpointId]);
  await em.query(
    `UPDATE webhook_deliveries SET status = 'cancelled', finished_at = clock_timestamp(), next_attempt_at = NULL
      WHERE endpoint_id = $1 AND status = 'pending'`,
    [endpointId],
  );
  return true;
}

/** Lets nothing be sent to an endpoint for a while. Before any lock on a lane of it. */
export async function pauseWebhook(em: EntityManager, endpointId: string, ms: number): Promise<void> {
  await em.query(
    `UPDATE webhook_endpoints SET paused_until = greatest(paused_until, clock_timestamp() + $2 * interval '1 ms') WHERE id = $1`,
    [endpointId, ms],
  );
}

/**
 * A delivery that was not made by the dispatcher: in a lane of its own, since it keeps no order with others and must hold up
 * none. Gives its id.
 */
export async function addDelivery(
  em: EntityManager,
  fresh: { endpointId: string; eventId: string; redeliveryOf: string | null },
): Promise<string> {
  const [row]: { id: string }[] = await em.query(
    `WITH made AS (
       INSERT INTO webhook_deliveries (endpoint_id, event_id, event_seq, lane, redelivery_of)
       SELECT $1, id, seq, uuid_v7(), $3 FROM events WHERE id = $2 RETURNING id, lane
     ), laned AS (
       INSERT INTO webhook_lanes (endpoint_id, lane) SELECT $1, lane FROM made
     )
     SELECT id FROM made`,
    [fresh.endpointId, fresh.eventId, fresh.redeliveryOf],
  );
  return row!.id;
}
