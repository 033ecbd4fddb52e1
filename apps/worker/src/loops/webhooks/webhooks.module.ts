import { Module } from '@nestjs/common';
import { DeliveryAttempt } from './delivery-attempt';
import { EventCleanupLoop } from './event-cleanup.loop';
import { EventDispatchLoop } from './event-dispatch.loop';
import { LaneRun } from './lane-run';
import { WebhookSenderLoop } from './webhook-sender.loop';

@Module({
  providers: [DeliveryAttempt, EventCleanupLoop, EventDispatchLoop, LaneRun, WebhookSenderLoop],
  exports: [EventCleanupLoop, EventDispatchLoop, WebhookSenderLoop],
})
export class WebhooksModule {}
