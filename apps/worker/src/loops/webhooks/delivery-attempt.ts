import { unseal, type NextDelivery } from '@berth/database';
import { cloudEventOf, retryAfterMs, webhookSignature, type AttemptAnswer } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import { guardedPost } from './guarded-post';

export interface Attempted extends AttemptAnswer {
  body: string | null;
  /** Why there was no answer. */
  error: string | null;
  durationMs: number;
}

/** One try to send one event. */
@Injectable()
export class DeliveryAttempt {
  constructor(@InjectOptions() private readonly options: WorkerOptions) {}

  /** Rejects only where `signal` ended it. */
  async run(delivery: NextDelivery, signal: AbortSignal): Promise<Attempted> {
    const begun = performance.now();
    const spent = () => Math.round(performance.now() - begun);
    try {
      const { status, retryAfter, body } = await this.send(delivery, signal);
      const asked = retryAfterMs(retryAfter, Date.now());
      return { status, retryAfterMs: asked, body, error: null, durationMs: spent() };
    } catch (error) {
      if (signal.aborted) throw error;
      const { message } = error as Error;
      return {
        status: null,
        retryAfterMs: null,
        body: null,
        error: message.slice(0, 500),
        durationMs: spent(),
      };
    }
  }

  private async send({ event, url, forOperator, secrets }: NextDelivery, signal: AbortSignal) {
    const { config } = this.options;
    const body = cloudEventOf(event, forOperator);
    const timestampS = Math.floor(Date.now() / 1000);
    const opened = await Promise.all(secrets.map((secret) => this.open(secret)));
    return guardedPost(url, {
      body,
      signal,
      timeoutMs: config.webhookTimeoutMs,
      allowed: config.webhookAllowPrivate,
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'user-agent': 'Berth-Webhooks/1',
        'webhook-id': event.id,
        'webhook-timestamp': String(timestampS),
        'webhook-signature': webhookSignature(opened, { id: event.id, timestampS, body }),
      },
    });
  }

  private async open(sealed: string): Promise<string> {
    try {
      return await unseal(this.options.config, sealed);
    } catch (cause) {
      throw new Error('its secret was sealed for another worker key: rotate it', { cause });
    }
  }
}
