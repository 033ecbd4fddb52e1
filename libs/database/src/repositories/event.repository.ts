import type { EventType } from '@berth/contracts';
import type { EntityManager } from 'typeorm';

export interface NewEvent {
  type: EventType;
  /** Null: of the provider alone. */
  tenantId: string | null;
  serverId?: string | null;
  /** `<resource>/<id>`. */
  subject: string;
  /** Never a secret; receivers get it. `host_id` and `source_host_id` are left out for tenants. */
  data: Record<string, unknown>;
}

/**
 * Writes an event in the transaction of what it tells of, and gives its id. Those of servers, operations and tenants are
 * written by triggers: this is for what has no row of its own there.
 */
export async function recordEvent(em: EntityManager, event: NewEvent): Promise<string> {
  const { type, tenantId, serverId = null, subject, data } = event;
  const [row]: { id: string }[] = await em.query('SELECT record_event($1, $2, $3, $4, $5) AS id', [
    type,
    tenantId,
    serverId,
    subject,
    JSON.stringify(data),
  ]);
  return row!.id;
}

/** Deletes up to `limit` events, with their deliveries, that are older than `days` and were handed out. Gives the count. */
export async function purgeEvents(em: EntityManager, days: number, limit: number): Promise<number> {
  const [, count]: [unknown[], number] = await em.query(
    `DELETE FROM events WHERE id IN (
        SELECT id FROM events WHERE at < now() - make_interval(days => $1)
           AND seq <= (SELECT dispatched_to FROM event_dispatch) ORDER BY at LIMIT $2)`,
    [days, limit],
  );
  return count;
}
