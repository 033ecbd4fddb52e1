import { z } from 'zod';

import { eventPatternSchema, eventTypeSchema } from '../event-types';
import { descriptionSchema } from '../names';
import { listQuerySchema, timeSchema, uuidSchema } from './list-query';

/** What may be connected to is looked at by the API and, once its name is resolved, by the worker. */
const webhookUrlSchema = z.string().min(1).max(2000);

const eventPatternsSchema = z
  .array(eventPatternSchema)
  .min(1)
  .max(50)
  .transform((patterns) => [...new Set(patterns)].sort());

export const createWebhookBodySchema = z.strictObject({
  url: webhookUrlSchema,
  events: eventPatternsSchema.default(['*']),
  description: descriptionSchema.default(''),
  /** For billing and operators; null or not given: all tenants' events and the provider's own. */
  tenant_id: uuidSchema.nullish(),
});
export type CreateWebhookBody = z.output<typeof createWebhookBodySchema>;

export const patchWebhookBodySchema = z.strictObject({
  url: webhookUrlSchema.optional(),
  events: eventPatternsSchema.optional(),
  description: descriptionSchema.optional(),
  /** Disabling cancels what is pending; what happens meanwhile is not sent later. */
  enabled: z.boolean().optional(),
});
export type PatchWebhookBody = z.output<typeof patchWebhookBodySchema>;

export const listWebhooksQuerySchema = listQuerySchema(['created_at', 'url', 'id'], {
  tenant_id: uuidSchema.optional(),
});
export type ListWebhooksQuery = z.output<typeof listWebhooksQuerySchema>;

export const webhookSchema = z.object({
  id: z.uuid(),
  tenant_id: z.uuid().nullable(),
  url: z.string(),
  events: z.array(z.string()),
  description: z.string(),
  enabled: z.boolean(),
  /** Why Berth disabled it: the receiver answered 410. */
  disabled_reason: z.string().nullable(),
  /** Until then the secret before the last rotation signs as well. */
  previous_secret_until: timeSchema.nullable(),
  created_at: timeSchema,
});
export type WebhookView = z.output<typeof webhookSchema>;

/** `cancelled`: the endpoint was disabled before it was sent. */
export const webhookDeliveryStatusSchema = z.enum(['pending', 'delivered', 'failed', 'cancelled']);
export type WebhookDeliveryStatus = z.output<typeof webhookDeliveryStatusSchema>;

export const listWebhookDeliveriesQuerySchema = listQuerySchema(['created_at', 'id'], {
  status: webhookDeliveryStatusSchema.optional(),
});
export type ListWebhookDeliveriesQuery = z.output<typeof listWebhookDeliveriesQuerySchema>;

export const webhookDeliverySchema = z.object({
  id: z.uuid(),
  webhook_id: z.uuid(),
  event: z.object({ id: z.uuid(), type: eventTypeSchema, subject: z.string(), at: timeSchema }),
  status: webhookDeliveryStatusSchema,
  /** The delivery that was sent again by this one. */
  redelivery_of: z.uuid().nullable(),
  attempts: z.int(),
  /** Of the last attempt, as all that follows. */
  response_status: z.int().nullable(),
  /** The beginning of what the receiver answered. */
  response_body: z.string().nullable(),
  error: z.string().nullable(),
  duration_ms: z.int().nullable(),
  last_attempt_at: timeSchema.nullable(),
  /** Null where there is none, and where an earlier event of the same server is to be sent first. */
  next_attempt_at: timeSchema.nullable(),
  created_at: timeSchema,
  finished_at: timeSchema.nullable(),
});
export type WebhookDeliveryView = z.output<typeof webhookDeliverySchema>;
