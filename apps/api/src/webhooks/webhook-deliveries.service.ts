import type { ListWebhookDeliveriesQuery, WebhookDeliveryView } from '@berth/contracts';
import { addDelivery, recordEvent, WebhookDeliveryEntity, type WebhookEndpointEntity } from '@berth/database';
import { BerthError } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { audit, CommandsService } from '../commands/commands.service';
import { listPage } from '../http/list';
import type { RequestContext } from '../http/request-context';
import { findDelivery, findWebhook, lockWebhook } from './webhook-lookup';
import { presentDeliveries } from './webhook-presenter';

/** What was sent to webhooks, and what is to be sent once more. */
@Injectable()
export class WebhookDeliveriesService {
  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(CommandsService) private readonly commands: CommandsService,
  ) {}

  async list({ caller }: RequestContext, id: string, query: ListWebhookDeliveriesQuery) {
    const em = this.dataSource.manager;
    const endpoint = await findWebhook(em, caller, id);
    const found = em
      .createQueryBuilder(WebhookDeliveryEntity, 'delivery')
      .where('delivery.endpointId = :id', endpoint);
    if (query.status) found.andWhere('delivery.status = :status', { status: query.status });
    const columns = { created_at: 'delivery.createdAt', id: 'delivery.id' };
    const newest = { field: 'created_at', direction: 'desc' } as const;
    const { rows, pagination } = await listPage(found, query, columns, newest);
    return { webhook_deliveries: await presentDeliveries(em, rows), meta: { pagination } };
  }

  /** An event of its own, for this endpoint alone: shows that it is reached, and takes the signature. */
  test(context: RequestContext, id: string): Promise<{ webhook_delivery: WebhookDeliveryView }> {
    return this.commands.run(context, async (em) => {
      const endpoint = await lockWebhook(em, context.caller, id);
      assertEnabled(endpoint);
      const eventId = await recordEvent(em, {
        type: 'webhook.test',
        tenantId: endpoint.tenantId,
        subject: `webhooks/${endpoint.id}`,
        data: { requested_by: context.caller.tokenId },
      });
      const fresh = { endpointId: endpoint.id, eventId, redeliveryOf: null };
      return this.answer(em, context, 'webhook.test', endpoint, await addDelivery(em, fresh));
    });
  }

  /** The same event with the same `webhook-id`, at once, and beside the order of its server. */
  redeliver(context: RequestContext, id: string): Promise<{ webhook_delivery: WebhookDeliveryView }> {
    return this.commands.run(context, async (em) => {
      const earlier = await findDelivery(em, context.caller, id);
      const endpoint = await lockWebhook(em, context.caller, earlier.endpointId);
      assertEnabled(endpoint);
      if (earlier.status === 'pending') {
        throw new BerthError('conflict', 'the delivery is still under way: it is tried again by itself', {
          status: earlier.status,
        });
      }
      const { eventId } = earlier;
      const fresh = { endpointId: endpoint.id, eventId, redeliveryOf: earlier.redeliveryOf ?? earlier.id };
      return this.answer(em, context, 'webhook.redeliver', endpoint, await addDelivery(em, fresh));
    });
  }

  private async answer(
    em: EntityManager,
    context: RequestContext,
    action: string,
    endpoint: WebhookEndpointEntity,
    deliveryId: string,
  ) {
    await audit(em, context, {
      action,
      target: { type: 'webhook', id: endpoint.id },
      tenantId: endpoint.tenantId,
      details: { delivery_id: deliveryId },
    });
    const delivery = await em.findOneByOrFail(WebhookDeliveryEntity, { id: deliveryId });
    return { body: { webhook_delivery: (await presentDeliveries(em, [delivery]))[0]! } };
  }
}

function assertEnabled({ enabled }: WebhookEndpointEntity): void {
  if (!enabled) throw new BerthError('conflict', 'the webhook is disabled: enable it first', { enabled });
}
