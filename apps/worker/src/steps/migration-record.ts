import type { MigrationModeName } from '@berth/contracts';
import type { StepContext } from '@berth/jobs';
import { RuntimeError } from '@berth/runtime';
import type { MigrationTarget } from './migration-target';

/** A mode that could not be, and why the next one was tried. */
export interface RefusedMode {
  mode: MigrationModeName;
  code: string;
  message: string;
}

export interface CopiedRound {
  round: number;
  bytes: number;
  ms: number;
}

const TOLD_EVERY_MS = 500;

/** Another mode may do where the host or the server's processes are in the way of this one. */
export const isRefusal = (error: unknown): error is RuntimeError =>
  error instanceof RuntimeError &&
  ['unsupported', 'checkpoint_failed', 'host_unsuitable'].includes(error.code);

export const refused = (mode: MigrationModeName, { code, message }: RuntimeError): RefusedMode => ({
  mode,
  code,
  message,
});

/** The mode that the steps so far have come to, and those that they gave up. */
export function modeOf(
  context: StepContext,
  { modes }: MigrationTarget,
): { mode: MigrationModeName; refusedModes: RefusedMode[] } {
  const output = context.outputOf('hand_over') ?? context.outputOf('open_migration');
  return {
    mode: (output?.mode as MigrationModeName | undefined) ?? modes[0]!,
    refusedModes: (output?.refused_modes as RefusedMode[] | undefined) ?? [],
  };
}

/**
 * Says in the operation's `result`, while it runs, how many bytes have gone; at most twice a second. What is not written
 * is no harm: the next is.
 */
export function teller(
  context: StepContext,
  step: string,
  expectedBytes: number,
  done = 0,
): (bytes: number, extra?: Record<string, unknown>) => void {
  let toldAt = 0;
  return (bytes, extra = {}) => {
    const sent = done + bytes;
    context.progress(expectedBytes > 0 ? (100 * sent) / expectedBytes : 100);
    if (Date.now() - toldAt < TOLD_EVERY_MS) return;
    toldAt = Date.now();
    const result = { at: step, bytes_sent: sent, bytes_expected: expectedBytes, ...extra };
    context
      .commit((em) =>
        em.query('UPDATE operations SET result = $2 WHERE id = $1', [context.operation.id, result]),
      )
      .catch(() => undefined);
  };
}
