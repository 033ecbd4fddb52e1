import { StepError, type StepDecision } from '@berth/domain';
import type { StepContext, StepHandler } from '@berth/jobs';
import { RuntimeError, type RuntimeErrorCode } from '@berth/runtime';

/** What a runtime's error means for a step, unless the step says otherwise. `aborted`: the engine knows why it aborted. */
const DECISIONS: Partial<Record<RuntimeErrorCode, StepDecision>> = { fenced: 'fenced', aborted: 'retry' };

function fromRuntime(error: RuntimeError, given: Partial<Record<RuntimeErrorCode, StepDecision>>): StepError {
  const decision = given[error.code] ?? DECISIONS[error.code] ?? (error.retryable ? 'retry' : 'abort');
  const { host, action, exitCode, logTail, capability, limit, used, requested } = error.details;
  const details = {
    host,
    action,
    exit_code: exitCode,
    log_tail: logTail,
    capability,
    limit,
    used,
    requested,
  };
  const known = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
  return new StepError(decision, error.code, error.message, known, { cause: error });
}

const CONNECTION_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;
/** SQLSTATE classes: connection, insufficient resources, operator intervention; serialization, deadlock, lock time-out. */
const PASSING_SQLSTATE = /^(08|53|57|40001|40P01|55P03|25P03)/;

/** True where Postgres was away or busy, rather than us wrong. */
export function isDatabaseTrouble(error: unknown): boolean {
  const { code, driverError, message } = error as {
    code?: unknown;
    driverError?: { code?: unknown };
    message?: string;
  };
  const codes = [code, driverError?.code].filter((one) => typeof one === 'string');
  if (codes.some((one) => CONNECTION_CODES.test(one) || PASSING_SQLSTATE.test(one))) return true;
  return /Connection terminated|Query runner already released|Driver not Connected|connection timeout|timeout exceeded when trying to connect|not queryable/i.test(
    message ?? '',
  );
}

/** The error as the engine wants it. `given` overrides what a runtime's code means for this step. */
export function asFailure(
  error: unknown,
  given: Partial<Record<RuntimeErrorCode, StepDecision>> = {},
): unknown {
  if (error instanceof StepError) return error;
  if (error instanceof RuntimeError) return fromRuntime(error, given);
  if (isDatabaseTrouble(error)) {
    const message = `Postgres could not be reached: ${(error as Error).message}`;
    return new StepError('retry', 'database_unavailable', message, {}, { cause: error });
  }
  return error;
}

/** The same handler, with its errors translated, and what a host printed in the step's log. */
export function translated(
  handler: StepHandler,
  given: Partial<Record<RuntimeErrorCode, StepDecision>> = {},
): StepHandler {
  const around = async <T>(context: StepContext, work: (context: StepContext) => Promise<T>): Promise<T> => {
    try {
      return await work(context);
    } catch (error) {
      if (error instanceof RuntimeError && error.details.logTail) context.log(error.details.logTail);
      throw asFailure(error, given);
    }
  };
  const { undo } = handler;
  return {
    run: (context) => around(context, (inner) => handler.run(inner)),
    ...(undo && { undo: (context: StepContext) => around(context, (inner) => undo.call(handler, inner)) }),
  };
}

/**
 * As translated, for what there is no way back from: whatever fails is tried again, for as long as it takes. With a step
 * that its plan calls patient.
 */
export function insisting(handler: StepHandler): StepHandler {
  const { run } = translated(handler);
  return {
    run: async (context) => {
      try {
        return await run(context);
      } catch (error) {
        if (error instanceof StepError && error.decision !== 'abort') throw error;
        const { code, details } = error instanceof StepError ? error : { code: 'internal', details: {} };
        throw new StepError('retry', code, (error as Error).message, details, { cause: error });
      }
    },
  };
}
