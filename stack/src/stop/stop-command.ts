import { Console } from '../console';
import { PROJECT_ROOT, stackPaths } from '../paths';
import { waitUntil } from '../services/wait-until';
import { isRunning, type ProcessIdentity } from '../supervision/process-identity';
import { RunRecord } from '../supervision/run-record';
import { sweepDeadRuns } from '../testing/test-services';
import { cleanUp, hasRemains } from './clean-up';

/** Stopping API and worker in order takes up to their grace, the lab and Postgres some seconds more. */
const STOP_TIMEOUT_MS = 90_000;

/** `npm stop`. @returns the exit code: 0 also when nothing ran */
export async function stopCommand(): Promise<number> {
  const paths = stackPaths();
  const console = new Console();
  const supervisor = RunRecord.supervisor(paths.recordFile);
  const wasRunning = supervisor !== null && isRunning(supervisor);
  if (wasRunning)
    await console.step(`stopping Berth (pid ${supervisor.pid})`, () => endSupervisor(supervisor));
  // After an orderly stop there is nothing left; after a kill -9 all is.
  if (hasRemains(paths)) await console.step('clearing what was left', () => cleanUp(paths));
  else if (!wasRunning) console.say('Nothing runs.');
  await sweepDeadRuns(PROJECT_ROOT);
  return 0;
}

async function endSupervisor(supervisor: ProcessIdentity): Promise<void> {
  process.kill(supervisor.pid, 'SIGTERM');
  const gone = () => (isRunning(supervisor) ? null : true);
  try {
    await waitUntil('the stack ending', gone, { timeoutMs: STOP_TIMEOUT_MS });
  } catch {
    // It hangs: what it leaves is cleared next.
    process.kill(supervisor.pid, 'SIGKILL');
    await waitUntil('the stack being killed', gone, { timeoutMs: 10_000 });
  }
}
