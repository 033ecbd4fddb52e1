import type { StepContext } from '@berth/jobs';
import { RuntimeError, type MutationOptions } from '@berth/runtime';

/** What every mutating call on a host is given: the operation's fence, the way to stop it, the step's log. */
export function mutationOf(context: StepContext): MutationOptions {
  return { fence: context.fence, signal: context.signal, onLog: (line) => context.log(line) };
}

/** For undoing and deleting: a container that is not there needs nothing. */
export async function absentIsFine(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof RuntimeError && error.code === 'not_found')) throw error;
  });
}
