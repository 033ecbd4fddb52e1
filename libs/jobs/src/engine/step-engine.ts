import { reportDrift, type OperationEntity, type OperationStepEntity } from '@berth/database';
import type { OperationErrorBody, OperationKind } from '@berth/contracts';
import {
  asStepError,
  isCancellable,
  MAX_STEP_ATTEMPTS,
  planOf,
  retryDelayMs,
  StepError,
} from '@berth/domain';
import type { DataSource } from 'typeorm';
import type { OperationChange } from '../operation-events';
import { finishOperation, type Ending } from './finish-operation';
import { LeaseKeeper } from './lease-keeper';
import { OperationStore } from './operation-store';
import { OperationRun, type StopReason } from './operation-run';
import type { StepHandler, StepHandlers } from './step-handler';

export interface StepEngineOptions {
  dataSource: DataSource;
  handlers: StepHandlers;
  workerId: string;
  /** A worker that hasn't renewed for so long is taken for dead. */
  leaseMs: number;
  /** Called after each committed change, to tell watchers. */
  onChange: (change: OperationChange) => void;
  /** Puts the operation into the queue again, after the delay. */
  ring: (operation: { operationId: string; fence: number; delayMs: number }) => Promise<void>;
  onError: (error: Error, operationId: string | null) => void;
  /** Tests only: called around each step's work, and may end the process. */
  fault?: (kind: OperationKind, step: string, when: 'before' | 'after') => void;
  /** For tests of the retry schedule. */
  retryDelay?: (attempt: number) => number;
}

/**
 * How a run ended: `finished` for good; `released` to be taken again (a retry, a shutdown); `lost` to another worker;
 * `not_taken`: nothing to do.
 */
export type RunOutcome = 'finished' | 'released' | 'lost' | 'not_taken';

/** Drives operations through their plans: resumes, retries, undoes, cancels. See docs/architecture/operations.md. */
export class StepEngine {
  private readonly store: OperationStore;
  private readonly leases: LeaseKeeper;
  private readonly runs = new Set<OperationRun>();

  constructor(private readonly options: StepEngineOptions) {
    this.store = new OperationStore(options.dataSource);
    this.leases = new LeaseKeeper(this.store, options.leaseMs, (error) => options.onError(error, null));
  }

  /** Takes the operation if it is due and goes on with it as far as it can. Doesn't throw for what a step throws. */
  async run(operationId: string): Promise<RunOutcome> {
    const taken = await this.store.take(operationId, this.options.workerId, this.options.leaseMs);
    if (!taken) return 'not_taken';
    const run = new OperationRun(this.options.dataSource, this.store, taken, () =>
      this.options.onChange({ operationId, ended: false }),
    );
    const letGo = this.leases.hold(operationId, {
      fence: taken.operation.fence,
      onCancel: () => run.cancelRequested(),
      onLost: () => run.stop('lost'),
    });
    this.runs.add(run);
    let outcome: RunOutcome = 'lost';
    try {
      outcome = await this.drive(run);
      return outcome;
    } catch (error) {
      // The database itself failed: the lease runs out, and the reconciler rings again.
      this.options.onError(error as Error, operationId);
      return 'lost';
    } finally {
      letGo();
      this.runs.delete(run);
      this.options.onChange({ operationId, ended: outcome === 'finished' });
    }
  }

  /** Stops all runs at once; each is given back for another worker, which re-runs the step in doubt. */
  stopAll(): void {
    for (const run of this.runs) run.stop('shutdown');
  }

  private async drive(run: OperationRun): Promise<RunOutcome> {
    if (run.operation.direction === 'forward') {
      const outcome = await this.goForward(run);
      if (outcome !== 'turned_back') return outcome;
    }
    return this.goBack(run);
  }

  private async goForward(run: OperationRun): Promise<RunOutcome | 'turned_back'> {
    const { kind } = run.operation;
    const open = run.steps.filter((step) => step.status !== 'succeeded');
    if (open.length === 0)
      return this.finish(run, { status: 'succeeded', error: null, result: {}, steps: [] });
    if (run.operation.cancelRequestedAt && mayCancelBefore(kind, open[0]!)) {
      if (run.operation.attempt > 1) doubt(kind, open);
      return this.turnBack(run, null);
    }
    for (const [index, step] of open.entries()) {
      const mayCancel = mayCancelBefore(kind, step);
      if (run.stopReason === 'lost') return 'lost';
      if (run.stopReason === 'cancel' && mayCancel) return this.turnBack(run, null);
      const before = open[index - 1] ?? null;
      if (isCancellable(kind, step.name) && !planOf(kind).recorded) {
        run.beginMeanwhile(step, before);
      } else {
        // Perhaps nobody can stop it from here on: a last look whether somebody wants to.
        const held = await run.begin(step, before);
        if (!held) return 'lost';
        if (held.cancelRequested && mayCancel) {
          await run.update([{ position: step.position, status: 'pending' }]);
          step.status = 'pending';
          return this.turnBack(run, null);
        }
      }
      const failure = await this.attempt(run, step, 'run');
      if (failure) {
        await run.flushed();
        return this.afterFailure(run, step, failure);
      }
    }
    if (!(await run.settled())) return 'lost';
    const { position, log, output } = open.at(-1)!;
    const last = { position, status: 'succeeded', output: output ?? {}, error: null, log } as const;
    const steps = [...run.takeUnsent(), last];
    return this.finish(run, { status: 'succeeded', error: null, result: last.output, steps });
  }

  private async afterFailure(
    run: OperationRun,
    step: OperationStepEntity,
    failure: Failure,
  ): Promise<RunOutcome | 'turned_back'> {
    if (failure.stopped === 'lost' || failure.error.decision === 'fenced') return 'lost';
    if (failure.stopped === 'cancel') return this.turnBack(run, null);
    const body = errorBody(step, failure.error);
    if (failure.stopped === 'shutdown') return this.release(run, step, null, 0);
    if (failure.error.decision === 'retry' && mayRetry(run.operation, step, 'run')) {
      return this.release(run, step, body, (this.options.retryDelay ?? retryDelayMs)(step.attempt));
    }
    if (!(await run.update([{ position: step.position, status: 'failed', error: body, log: step.log }])))
      return 'lost';
    step.status = 'failed';
    return this.turnBack(run, body);
  }

  private async turnBack(
    run: OperationRun,
    error: OperationErrorBody | null,
  ): Promise<RunOutcome | 'turned_back'> {
    if (!(await this.store.turnBack(run.operation, error))) return 'lost';
    run.operation.direction = 'undo';
    run.operation.error = error;
    const touched = run.steps.filter((step) => step.status !== 'pending');
    const kept = touched.map((step) => ({
      position: step.position,
      status: step.status,
      resetAttempt: true,
    }));
    if (!(await run.update(kept))) return 'lost';
    for (const step of touched) step.attempt = 0;
    return 'turned_back';
  }

  /** Steps that ran, or may have, are taken back from the last to the first. */
  private async goBack(run: OperationRun): Promise<RunOutcome> {
    run.undoing();
    const { kind } = run.operation;
    for (const step of [...run.steps].reverse()) {
      if (step.status === 'pending' || step.status === 'undone') continue;
      const plan = planOf(kind).steps.find(({ name }) => name === step.name);
      if (!plan?.undoable) {
        // Stopped half-way, with nothing to take back: it did not succeed.
        if (step.status === 'running')
          await run.update([{ position: step.position, status: 'failed', log: step.log }]);
        continue;
      }
      const before = step.status;
      if (!(await run.update([{ position: step.position, status: before, begins: true }]))) return 'lost';
      step.attempt += 1;
      const failure = await this.attempt(run, step, 'undo');
      if (failure) {
        if (failure.stopped === 'lost' || failure.error.decision === 'fenced') return 'lost';
        if (failure.stopped === 'shutdown') return this.release(run, null, null, 0);
        if (failure.error.decision === 'retry' && mayRetry(run.operation, step, 'undo')) {
          return this.release(run, null, null, (this.options.retryDelay ?? retryDelayMs)(step.attempt));
        }
        await this.quarantine(run.operation, step, failure.error);
        continue;
      }
      if (!(await run.update([{ position: step.position, status: 'undone', log: step.log }]))) return 'lost';
      step.status = 'undone';
    }
    const error = run.operation.error;
    return this.finish(run, { status: error ? 'failed' : 'cancelled', error, result: {}, steps: [] });
  }

  /** What can't be taken back is shown to operators, never dropped. */
  private async quarantine(
    operation: OperationEntity,
    step: OperationStepEntity,
    error: StepError,
  ): Promise<void> {
    this.options.onError(error, operation.id);
    if (!operation.hostId) return;
    await reportDrift(this.options.dataSource.manager, {
      kind: 'undo_failed',
      hostId: operation.hostId,
      serverId: operation.serverId,
      operationId: operation.id,
      subject: `${operation.id}.${step.name}`,
      message: `${operation.kind} failed, and its step ${step.name} could not be taken back: ${error.message}`,
      details: { code: error.code, ...error.details },
    });
  }

  /** Runs a step's work once; null is success. */
  private async attempt(
    run: OperationRun,
    step: OperationStepEntity,
    what: 'run' | 'undo',
  ): Promise<Failure | null> {
    const kind = run.operation.kind;
    const handler = (this.options.handlers[kind] as Record<string, StepHandler>)[step.name];
    if (!handler)
      return {
        error: new StepError('abort', 'internal', `no handler for ${kind}.${step.name}`),
        stopped: null,
      };
    const timeoutMs = planOf(kind).steps.find(({ name }) => name === step.name)!.timeoutMs;
    const scope = run.enter(step, timeoutMs);
    try {
      if (what === 'run') this.options.fault?.(kind, step.name, 'before');
      const output = what === 'run' ? await handler.run(scope.context) : await handler.undo?.(scope.context);
      if (what === 'run') {
        this.options.fault?.(kind, step.name, 'after');
        step.output = output ?? {};
        step.status = 'succeeded';
      }
      return null;
    } catch (error) {
      const found = asStepError(error);
      scope.context.log(`${found.code}: ${found.message}`);
      return { error: scope.timedOut() ? timeoutError(step, timeoutMs) : found, stopped: run.stopReason };
    } finally {
      scope.leave();
    }
  }

  private async release(
    run: OperationRun,
    step: OperationStepEntity | null,
    error: OperationErrorBody | null,
    delayMs: number,
  ): Promise<RunOutcome> {
    if (step && !(await run.update([{ position: step.position, status: 'pending', error, log: step.log }])))
      return 'lost';
    if (!(await this.store.release(run.operation, delayMs))) return 'lost';
    await this.options
      .ring({ operationId: run.operation.id, fence: run.operation.fence, delayMs })
      .catch((failure: unknown) => this.options.onError(failure as Error, run.operation.id));
    return 'released';
  }

  private async finish(run: OperationRun, ending: Ending): Promise<RunOutcome> {
    return (await finishOperation(this.options.dataSource, run.operation, ending)) ? 'finished' : 'lost';
  }
}

/** A worker that died may have begun more than it had written: what can be taken back is, which is no harm if it isn't there. */
function doubt(kind: OperationKind, open: readonly OperationStepEntity[]): void {
  const undoable = new Set(
    planOf(kind).steps.flatMap((step) => (step.undoable ? [step.name as string] : [])),
  );
  for (const step of open) if (undoable.has(step.name)) step.status = 'running';
}

/** Nothing behind the point of no return has been touched yet: that step itself may still be left undone. */
function mayCancelBefore(kind: OperationKind, step: OperationStepEntity): boolean {
  return isCancellable(kind, step.name) || (step.name === planOf(kind).pointOfNoReturn && step.attempt === 0);
}

/** Whether a try more may follow this one. */
function mayRetry({ kind }: OperationEntity, step: OperationStepEntity, what: 'run' | 'undo'): boolean {
  const { patient } = planOf(kind).steps.find(({ name }) => name === step.name)!;
  return patient === what || step.attempt < MAX_STEP_ATTEMPTS;
}

interface Failure {
  error: StepError;
  /** Why the step was stopped from outside, if it was. */
  stopped: StopReason | null;
}

function errorBody(step: OperationStepEntity, error: StepError): OperationErrorBody {
  return { code: error.code, message: error.message, step: step.name, details: error.details };
}

function timeoutError(step: OperationStepEntity, timeoutMs: number): StepError {
  return new StepError('retry', 'timeout', `${step.name} did not end within ${timeoutMs / 1000} s`, {
    timeout_ms: timeoutMs,
  });
}
