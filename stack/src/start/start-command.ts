import { Console } from '../console';
import { PROJECT_ROOT, stackPaths } from '../paths';
import { ServiceError } from '../services/service-error';
import { GaveUp } from '../services/wait-until';
import { within } from '../services/child-process';
import { StackFile } from '../stack-file';
import { cleanUp, hasRemains } from '../stop/clean-up';
import { isRunning } from '../supervision/process-identity';
import { RunRecord } from '../supervision/run-record';
import { startDetached } from './detached';
import { Stack } from './stack';
import type { StartOptions } from './start-options';

/** How long steps that were under way when we were asked to stop may take to notice. */
const SETTLE_MS = 20_000;

/** `npm start`. @returns the exit code */
export async function startCommand(options: StartOptions): Promise<number> {
  const paths = stackPaths();
  const console = new Console();
  const running = RunRecord.supervisor(paths.recordFile);
  if (running && running.pid !== process.pid && isRunning(running)) {
    const apiUrl = StackFile.read(paths.stackFile)?.apiUrl;
    console.say(
      `Berth runs already (pid ${running.pid})${apiUrl ? `: ${apiUrl}` : ', starting up'}. \`npm stop\` ends it.`,
    );
    return 0;
  }
  process.chdir(PROJECT_ROOT);
  if (options.detach) return startDetached(options, paths);
  if (hasRemains(paths)) await console.step('clearing what a killed stack left', () => cleanUp(paths));
  return runInForeground(options, console);
}

async function runInForeground(options: StartOptions, console: Console): Promise<number> {
  const asked = new AbortController();
  const stopRequested = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked.signal.aborted) return;
        console.say('Stopping …');
        asked.abort(new Error('stopped while starting'));
        resolve();
      });
    }
  });
  const paths = stackPaths();
  const stack = new Stack(paths, options, console, asked.signal);
  const starting = stack.start();
  let exitCode = 0;
  try {
    await Promise.race([starting, stopRequested]);
    if (!asked.signal.aborted) {
      console.say('Ctrl-C stops it; or `npm stop` from elsewhere.');
      if (process.connected) process.send?.({ ready: true });
      await stopRequested;
    } else {
      await within(
        starting.catch(() => undefined),
        SETTLE_MS,
      );
    }
  } catch (error) {
    exitCode = 1;
    if (!asked.signal.aborted) console.say(`! Berth could not start: ${explain(error)}`);
  }
  const clean = await stack.stop();
  console.say(clean ? farewell() : 'Not all could be stopped: `npm stop` tries again.');
  return clean ? exitCode : 1;
}

function farewell(): string {
  const kept = process.env.BERTH_POSTGRES_URL ? ' Your own Postgres was left as it is.' : '';
  return `Stopped. The lab, its servers and their database are gone; keys, logs and image caches are kept.${kept}`;
}

function explain(error: unknown): string {
  if (error instanceof ServiceError || error instanceof GaveUp) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
