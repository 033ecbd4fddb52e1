import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { EmptyBodyDto } from '../http/empty-body.dto';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { WebhookDeliveriesService } from './webhook-deliveries.service';
import { WebhookDeliveryAnswerDto } from './webhooks.dto';

@ApiTags('webhooks')
@Controller('v1/webhook_deliveries')
@AnyToken()
export class WebhookDeliveriesController {
  constructor(@Inject(WebhookDeliveriesService) private readonly deliveries: WebhookDeliveriesService) {}

  /** The same event once more; receivers know it by its `webhook-id`. */
  @Post(':id/actions/redeliver')
  @Answers(202, WebhookDeliveryAnswerDto)
  redeliver(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.deliveries.redeliver(context, id);
  }
}
