import {
  disableWebhook,
  holdLane,
  inTransaction,
  nextOfLane,
  pauseWebhook,
  releaseLane,
  writeAttempt,
  type LaneClaim,
  type NextDelivery,
} from '@berth/database';
import { verdictOf, type AttemptVerdict } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import { DeliveryAttempt, type Attempted } from './delivery-attempt';

/** Then others have their turn. */
const DELIVERIES_A_CLAIM = 20;

/** A claim outlives an attempt by as much as that may take. */
export const leaseMs = (timeoutMs: number): number => 2 * timeoutMs;

/** Sends what is pending in one lane, one after the other, and writes what came of it. */
@Injectable()
export class LaneRun {
  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    private readonly dataSource: DataSource,
    private readonly attempts: DeliveryAttempt,
  ) {}

  /** Until the lane is empty, something is to be tried later, or the claim was lost. Throws what Postgres throws. */
  async run(claim: LaneClaim, signal: AbortSignal, onAttempt: (attempted: Attempted) => void): Promise<void> {
    let next = await this.first(claim);
    for (let sent = 0; next !== null; sent++) {
      if (sent === DELIVERIES_A_CLAIM || signal.aborted) return this.giveBack(claim);
      let attempted: Attempted;
      try {
        attempted = await this.attempts.run(next, signal);
      } catch {
        return this.giveBack(claim);
      }
      onAttempt(attempted);
      next = await this.settle(claim, next, attempted);
    }
  }

  private get lease(): number {
    return leaseMs(this.options.config.webhookTimeoutMs);
  }

  private giveBack(claim: LaneClaim): Promise<void> {
    return releaseLane(this.dataSource.manager, claim, 0);
  }

  private first(claim: LaneClaim): Promise<NextDelivery | null> {
    return inTransaction(this.dataSource, async (em) =>
      (await holdLane(em, claim, this.lease)) ? nextOfLane(em, claim) : null,
    );
  }

  /** The next one to be sent now, if any. Where the claim was lost, whoever has it sends this one again. */
  private settle(
    claim: LaneClaim,
    delivery: NextDelivery,
    attempted: Attempted,
  ): Promise<NextDelivery | null> {
    const waits = this.options.config.webhookRetryMs;
    const verdict = verdictOf(attempted, delivery.attempts + 1, delivery.ageMs, waits);
    return inTransaction(this.dataSource, async (em) => {
      const gone = verdict.next === 'failed' && verdict.gone;
      if (verdict.next === 'retry' && verdict.pauseMs !== null)
        await pauseWebhook(em, claim.endpointId, verdict.pauseMs);
      if (gone) await em.query('SELECT FROM webhook_endpoints WHERE id = $1 FOR UPDATE', [claim.endpointId]);
      if (!(await holdLane(em, claim, this.lease))) return null;
      await writeAttempt(em, delivery.id, recordOf(verdict, attempted));
      if (gone) {
        const reason = 'the receiver answered 410 Gone';
        if (await disableWebhook(em, claim.endpointId, { reason, url: delivery.url })) return null;
      }
      if (verdict.next !== 'retry') return nextOfLane(em, claim);
      await releaseLane(em, claim, verdict.inMs);
      return null;
    });
  }
}

function recordOf(verdict: AttemptVerdict, { status, body, error, durationMs }: Attempted) {
  return {
    status: verdict.next === 'retry' ? ('pending' as const) : verdict.next,
    retryInMs: verdict.next === 'retry' ? verdict.inMs : null,
    responseStatus: status,
    responseBody: body,
    error: verdict.next === 'delivered' ? null : (error ?? `the receiver answered ${status}`),
    durationMs,
  };
}
