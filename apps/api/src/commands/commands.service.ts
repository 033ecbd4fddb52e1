import { OperationsQueue } from '@berth/jobs';
import type { ApiConfig } from '@berth/config';
import {
  type AuditRecord,
  claimIdempotencyKey,
  inTransaction,
  recordAudit,
  rememberAnswer,
} from '@berth/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { InjectConfig } from '../api-config';
import type { RequestContext } from '../http/request-context';
import { TransactionGate } from './transaction-gate';

/** Longer than a rush takes that clears at all: 1,000 orders of one tenant took 28–48 s on two busy cores. */
const MAX_WAIT_MS = 120_000;

export interface Answer<B extends object> {
  body: B;
  /** Secrets, answered once and never again: not kept for a repeated request. */
  once?: Partial<B>;
}

export interface AuditEntry {
  /** `server.create`, `host.cordon` … */
  action: string;
  target: { type: string; id: string };
  tenantId: string | null;
  details?: Record<string, unknown>;
}

export const auditRecord = ({ caller, requestId }: RequestContext, entry: AuditEntry): AuditRecord => ({
  actor: caller.tokenId,
  role: caller.role,
  tenantId: entry.tenantId,
  action: entry.action,
  targetType: entry.target.type,
  targetId: entry.target.id,
  requestId,
  details: entry.details,
});

/** Writes the audit event of a change, in its transaction. */
export function audit(em: EntityManager, context: RequestContext, entry: AuditEntry): Promise<void> {
  return recordAudit(em, auditRecord(context, entry));
}

/** Runs what changes something: one request, one transaction, its idempotency key included. */
@Injectable()
export class CommandsService {
  readonly gate: TransactionGate;

  constructor(
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(OperationsQueue) private readonly queue: OperationsQueue,
    @InjectConfig() config: ApiConfig,
  ) {
    // Half of the pool is left for reads and for looking up tokens.
    const total = Math.max(1, Math.floor(config.dbPoolSize / 2));
    this.gate = new TransactionGate({
      total,
      perKey: Math.max(1, Math.floor(total / 2)),
      maxWaitMs: MAX_WAIT_MS,
    });
  }

  /**
   * Runs `work` in a transaction and gives its answer; with an Idempotency-Key, the answer of the first request with it.
   * A refusal rolls the key back as well: what changed nothing (no room, quota) is really tried again.
   */
  async run<B extends object>(
    context: RequestContext,
    work: (em: EntityManager) => Promise<Answer<B>>,
  ): Promise<B> {
    const { caller, idempotent } = context;
    const answer = await this.gate.run(caller.tenantId ?? caller.tokenId, () =>
      inTransaction(this.dataSource, async (em) => {
        const earlier = idempotent && (await claimIdempotencyKey(em, idempotent));
        if (earlier) return earlier.body as B;
        const { body, once } = await work(em);
        if (idempotent)
          await rememberAnswer(em, idempotent, { status: 200, body: body as Record<string, unknown> });
        return { ...body, ...once };
      }),
    );
    this.ringFor(answer);
    return answer;
  }

  /**
   * A short cut for the impatient: the outbox, written in the transaction, rings for the same operation under the same
   * job id. What Redis doesn't take here is therefore no loss.
   */
  private ringFor(answer: { operation?: { id: string; status: string; waits_for: string | null } }): void {
    const { operation } = answer;
    if (operation?.status !== 'pending' || operation.waits_for !== null) return;
    this.queue.ring([{ operationId: operation.id, fence: 0 }]).catch(() => undefined);
  }
}
