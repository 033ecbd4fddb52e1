import type { WorkerFault } from '@berth/config';
import type { StepEngineOptions } from '@berth/jobs';

/** For tests: ends this process, as a power loss would, around the step that `fault` names. */
export function killAt(fault: WorkerFault | null): StepEngineOptions['fault'] {
  if (!fault) return undefined;
  return (kind, step, when) => {
    if (kind === fault.kind && step === fault.step && when === fault.when)
      process.kill(process.pid, 'SIGKILL');
  };
}
