import type { ApiConfig } from '@berth/config';
import { seal, WebhookEndpointEntity } from '@berth/database';
import { WEBHOOK_SECRET_PREFIX } from '@berth/domain';
import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { InjectConfig } from '../api-config';
import { audit, CommandsService } from '../commands/commands.service';
import type { RequestContext } from '../http/request-context';
import { lockWebhook } from './webhook-lookup';
import { type NewWebhookBody, presentWebhook } from './webhook-presenter';

/** In which the secret before signs as well: for receivers to be told of the new one. */
const OVERLAP_HOURS = 24;

export interface NewSecret {
  secret: string;
  /** Can be opened by workers only. */
  sealed: string;
}

/** What signs events: shown once, and kept so that the API can't read it again. */
@Injectable()
export class WebhookSecretsService {
  constructor(
    @Inject(CommandsService) private readonly commands: CommandsService,
    @InjectConfig() private readonly config: ApiConfig,
  ) {}

  async make(): Promise<NewSecret> {
    const secret = WEBHOOK_SECRET_PREFIX + randomBytes(32).toString('base64');
    return { secret, sealed: await seal(this.config.workerPublicKey, secret) };
  }

  async rotate(context: RequestContext, id: string) {
    const { secret, sealed } = await this.make();
    return this.commands.run<NewWebhookBody>(context, async (em) => {
      const endpoint = await lockWebhook(em, context.caller, id);
      await em.query(
        `UPDATE webhook_endpoints SET previous_secret_sealed = secret_sealed, secret_sealed = $2, updated_at = now(),
                previous_secret_until = now() + make_interval(hours => $3) WHERE id = $1`,
        [endpoint.id, sealed, OVERLAP_HOURS],
      );
      await audit(em, context, {
        action: 'webhook.rotate_secret',
        target: { type: 'webhook', id: endpoint.id },
        tenantId: endpoint.tenantId,
      });
      const now = await em.findOneByOrFail(WebhookEndpointEntity, { id: endpoint.id });
      return { body: { webhook: presentWebhook(now) }, once: { secret } };
    });
  }
}
