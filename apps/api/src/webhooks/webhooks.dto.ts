import {
  createWebhookBodySchema,
  listWebhookDeliveriesQuerySchema,
  listWebhooksQuerySchema,
  patchWebhookBodySchema,
  webhookDeliverySchema,
  webhookSchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateWebhookDto extends createZodDto(createWebhookBodySchema) {}
export class PatchWebhookDto extends createZodDto(patchWebhookBodySchema) {}
export class ListWebhooksQueryDto extends createZodDto(listWebhooksQuerySchema) {}
export class ListWebhookDeliveriesQueryDto extends createZodDto(listWebhookDeliveriesQuerySchema) {}

export class WebhookAnswerDto extends oneOf('webhook', webhookSchema) {}
/** `secret` is shown once: a repeated request is answered without it. */
export class NewWebhookAnswerDto extends createZodDto(
  z.object({ webhook: webhookSchema, secret: z.string().optional() }),
) {}
export class WebhookListDto extends listOf('webhooks', webhookSchema) {}
export class WebhookDeliveryAnswerDto extends oneOf('webhook_delivery', webhookDeliverySchema) {}
export class WebhookDeliveryListDto extends listOf('webhook_deliveries', webhookDeliverySchema) {}
