import type { OperationEntity, OperationStepEntity } from '@berth/database';
import { inTransaction } from '@berth/database';
import { isCancellable, StepError } from '@berth/domain';
import type { DataSource, EntityManager } from 'typeorm';
import type { Held, OperationStore, StepUpdate, TakenOperation } from './operation-store';
import type { StepContext } from './step-handler';
import { StepLog } from './step-log';

export type StopReason = 'lost' | 'cancel' | 'shutdown';

const PROGRESS_INTERVAL_MS = 500;
/**
 * Steps that take less than this share a write, and an operation that ends within it needs none but its last. Longer than
 * a container takes to come up: a write meanwhile would be work for the processors that the customer waits for.
 */
const MEANWHILE_MS = 100;

interface StepScope {
  context: StepContext;
  timedOut: () => boolean;
  leave: () => void;
}

/** One worker's hold on one operation: what its steps see, and how they are told to stop. */
export class OperationRun {
  readonly operation: OperationEntity;
  readonly steps: OperationStepEntity[];
  stopReason: StopReason | null = null;
  private current: { step: OperationStepEntity; abort: AbortController } | null = null;
  private isUndoing = false;
  private progressAt = 0;
  private unsent: StepUpdate[] = [];
  private flush: NodeJS.Timeout | null = null;
  private writes: Promise<Held | null> = Promise.resolve({ cancelRequested: false });

  constructor(
    private readonly dataSource: DataSource,
    private readonly store: OperationStore,
    taken: TakenOperation,
    private readonly changed: () => void,
  ) {
    this.operation = taken.operation;
    this.steps = taken.steps;
  }

  /** Ends the step under way. The first reason counts, but for `lost`: nothing may be written after that. */
  stop(reason: StopReason): void {
    if (this.stopReason === null || reason === 'lost') this.stopReason = reason;
    this.current?.abort.abort(reason);
  }

  /** Stops the step under way where the plan still allows it; an undo is never cancelled. */
  cancelRequested(): void {
    const step = this.current?.step.name;
    if (!this.isUndoing && step && isCancellable(this.operation.kind, step)) this.stop('cancel');
  }

  undoing(): void {
    this.isUndoing = true;
    if (this.stopReason === 'cancel') this.stopReason = null;
  }

  /** Writes the end of the step before and the start of this one, at once. Null: lost. */
  begin(step: OperationStepEntity, finished: OperationStepEntity | null): Promise<Held | null> {
    return this.update(beginning(step, finished));
  }

  /**
   * As begin, while the step already works: its rerun by another worker is harmless, so nobody has to wait for the
   * write. What the write finds out stops the step.
   */
  beginMeanwhile(step: OperationStepEntity, finished: OperationStepEntity | null): void {
    this.unsent.push(...beginning(step, finished));
    this.flush ??= setTimeout(() => {
      this.update([]).then(
        (held) => {
          if (!held) this.stop('lost');
          else if (held.cancelRequested) this.cancelRequested();
        },
        () => undefined, // thrown by the next write, and by settled()
      );
    }, MEANWHILE_MS);
  }

  /** What is yet to be written; it is the caller's to write from here on. */
  takeUnsent(): StepUpdate[] {
    if (this.flush) clearTimeout(this.flush);
    this.flush = null;
    return this.unsent.splice(0);
  }

  /** In the order of the calls: a later state never comes before an earlier one. */
  update(updates: readonly StepUpdate[]): Promise<Held | null> {
    const { progress } = this.operation;
    const all = [...this.takeUnsent(), ...updates];
    this.writes = this.writes.then(async () => {
      const held = await this.store.updateSteps(this.operation, all, progress);
      if (held) this.changed();
      return held;
    });
    this.writes.catch(() => undefined); // whoever awaits it hears of it
    return this.writes;
  }

  /** As settled, with what was yet to be sent. */
  flushed(): Promise<Held | null> {
    return this.unsent.length > 0 ? this.update([]) : this.writes;
  }

  /** Resolves when all that was sent is written. Null: lost. Throws what a write threw. */
  settled(): Promise<Held | null> {
    return this.writes;
  }

  enter(step: OperationStepEntity, timeoutMs: number): StepScope {
    const abort = new AbortController();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort.abort('timeout');
    }, timeoutMs);
    this.current = { step, abort };
    if (this.stopReason) abort.abort(this.stopReason);
    const log = new StepLog(step.log);
    const { operation, steps } = this;
    const context: StepContext = {
      operation,
      fence: operation.fence,
      attempt: step.attempt,
      signal: abort.signal,
      log: (line) => {
        log.add(line);
        step.log = log.toString();
      },
      progress: (percent) => this.noteProgress(step, percent),
      outputOf: (name) => steps.find((candidate) => candidate.name === name)?.output ?? null,
      commit: (work) => this.commit(work),
    };
    return {
      context,
      timedOut: () => timedOut && this.stopReason === null,
      leave: () => {
        clearTimeout(timer);
        this.current = null;
        if (!this.isUndoing) this.operation.progress = this.progressAfter(step, 100);
      },
    };
  }

  private async commit<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return inTransaction(this.dataSource, async (em) => {
      const rows: unknown[] = await em.query(
        `SELECT 1 FROM operations WHERE id = $1 AND fence = $2 AND status = 'running' FOR UPDATE`,
        [this.operation.id, this.operation.fence],
      );
      if (rows.length === 0)
        throw new StepError('fenced', 'fenced', 'another worker has taken this operation over');
      return work(em);
    });
  }

  /** Steps weigh the same; `percent` is within this one. */
  private progressAfter(step: OperationStepEntity, percent: number): number {
    const share = (step.position + Math.min(100, Math.max(0, percent)) / 100) / this.steps.length;
    return Math.max(this.operation.progress, Math.min(99, Math.floor(share * 100)));
  }

  private noteProgress(step: OperationStepEntity, percent: number): void {
    if (this.isUndoing) return;
    this.operation.progress = this.progressAfter(step, percent);
    if (Date.now() - this.progressAt < PROGRESS_INTERVAL_MS) return;
    this.progressAt = Date.now();
    // Lost progress is no harm; a lost operation is found out by the next write that matters.
    this.update([{ position: step.position, status: 'running', log: step.log }]).catch(() => undefined);
  }
}

function beginning(step: OperationStepEntity, finished: OperationStepEntity | null): StepUpdate[] {
  const at = performance.now();
  const updates: StepUpdate[] = [
    { position: step.position, status: 'running', begins: true, at, error: null },
  ];
  if (finished) {
    const { position, output, log } = finished;
    updates.push({ position, status: 'succeeded', at, output, error: null, log });
  }
  step.attempt += 1;
  step.status = 'running';
  return updates;
}
