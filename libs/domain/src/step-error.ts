/**
 * How a step tells the engine what its failure means.
 * `retry`: the same step may succeed later. `abort`: undo what was done. `fenced`: another worker has it; touch nothing.
 */
export type StepDecision = 'retry' | 'abort' | 'fenced';

export class StepError extends Error {
  override readonly name = 'StepError';

  constructor(
    readonly decision: StepDecision,
    /** Short and stable, e.g. a runtime's error code; shown in `operation.error.code`. */
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What isn't a StepError is a bug of ours: doing it again would do it again. */
export function asStepError(error: unknown): StepError {
  if (error instanceof StepError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StepError('abort', 'internal', message, {}, { cause: error });
}
