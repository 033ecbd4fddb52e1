import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyToken } from '../auth/access.decorator';
import { EmptyBodyDto } from '../http/empty-body.dto';
import { Context, type RequestContext } from '../http/request-context';
import { Answers } from '../openapi/answers';
import { WebhookDeliveriesService } from './webhook-deliveries.service';
import { WebhookSecretsService } from './webhook-secrets.service';
import {
  CreateWebhookDto,
  ListWebhookDeliveriesQueryDto,
  ListWebhooksQueryDto,
  NewWebhookAnswerDto,
  PatchWebhookDto,
  WebhookAnswerDto,
  WebhookDeliveryAnswerDto,
  WebhookDeliveryListDto,
  WebhookListDto,
} from './webhooks.dto';
import { WebhooksService } from './webhooks.service';

@ApiTags('webhooks')
@Controller('v1/webhooks')
@AnyToken()
export class WebhooksController {
  constructor(
    @Inject(WebhooksService) private readonly webhooks: WebhooksService,
    @Inject(WebhookSecretsService) private readonly secrets: WebhookSecretsService,
    @Inject(WebhookDeliveriesService) private readonly deliveries: WebhookDeliveriesService,
  ) {}

  @Get()
  @Answers(200, WebhookListDto)
  list(@Context() context: RequestContext, @Query() query: ListWebhooksQueryDto) {
    return this.webhooks.list(context, query);
  }

  @Get(':id')
  @Answers(200, WebhookAnswerDto)
  get(@Context() context: RequestContext, @Param('id') id: string) {
    return this.webhooks.get(context, id);
  }

  @Post()
  @Answers(201, NewWebhookAnswerDto)
  create(@Context() context: RequestContext, @Body() body: CreateWebhookDto) {
    return this.webhooks.create(context, body);
  }

  @Patch(':id')
  @Answers(200, WebhookAnswerDto)
  patch(@Context() context: RequestContext, @Param('id') id: string, @Body() body: PatchWebhookDto) {
    return this.webhooks.patch(context, id, body);
  }

  @Delete(':id')
  @Answers(204)
  delete(@Context() context: RequestContext, @Param('id') id: string) {
    return this.webhooks.delete(context, id);
  }

  /** The secret before signs as well, for 24 hours. */
  @Post(':id/actions/rotate_secret')
  @Answers(200, NewWebhookAnswerDto)
  rotateSecret(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.secrets.rotate(context, id);
  }

  /** Sends an event `webhook.test` to this endpoint alone. */
  @Post(':id/actions/test')
  @Answers(202, WebhookDeliveryAnswerDto)
  test(@Context() context: RequestContext, @Param('id') id: string, @Body() _body: EmptyBodyDto) {
    return this.deliveries.test(context, id);
  }

  /** Of the last 30 days. */
  @Get(':id/deliveries')
  @Answers(200, WebhookDeliveryListDto)
  listDeliveries(
    @Context() context: RequestContext,
    @Param('id') id: string,
    @Query() query: ListWebhookDeliveriesQueryDto,
  ) {
    return this.deliveries.list(context, id, query);
  }
}
