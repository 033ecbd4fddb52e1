import { EVENT_TYPE_PREFIX } from '@berth/contracts';
import { createHmac } from 'node:crypto';

/** An event as it is kept. */
export interface EventRecord {
  id: string;
  seq: number;
  at: Date;
  type: string;
  tenantId: string | null;
  serverId: string | null;
  subject: string;
  data: Record<string, unknown>;
}

/** Where servers lie is the operators' business. */
const OPERATOR_ONLY = ['host_id', 'source_host_id'];

/**
 * The event as CloudEvents 1.0 in JSON. Always the same text for the same event and kind of receiver; only operators'
 * tells on which hosts servers lie.
 */
export function cloudEventOf(event: EventRecord, forOperator: boolean): string {
  const { tenantId, serverId } = event;
  const data = Object.entries(event.data).filter(([name]) => forOperator || !OPERATOR_ONLY.includes(name));
  return JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: 'urn:berth',
    type: EVENT_TYPE_PREFIX + event.type,
    subject: event.subject,
    time: event.at.toISOString(),
    datacontenttype: 'application/json',
    // CloudEvents' extension `sequence`: sorts as text.
    sequence: String(event.seq).padStart(20, '0'),
    data: { tenant_id: tenantId, server_id: serverId, ...Object.fromEntries(data) },
  });
}

export const WEBHOOK_SECRET_PREFIX = 'whsec_';

/** `webhook-signature` of Standard Webhooks: one signature a secret (`whsec_…`), separated by spaces. */
export function webhookSignature(
  secrets: readonly string[],
  message: { id: string; timestampS: number; body: string },
): string {
  const signed = `${message.id}.${message.timestampS}.${message.body}`;
  return secrets
    .map((secret) => Buffer.from(secret.slice(WEBHOOK_SECRET_PREFIX.length), 'base64'))
    .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    .join(' ');
}
