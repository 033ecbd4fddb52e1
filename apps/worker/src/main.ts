import 'reflect-metadata';
import { EnvironmentError, loadWorkerConfig, type WorkerConfig } from '@berth/config';
import { createLog } from './core/log';
import { startWorker, type RunningWorker } from './worker';

function readConfig(): WorkerConfig {
  try {
    return loadWorkerConfig(process.env);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog(config.logLevel);
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    // Our state is unknown now: a fresh process takes the operations over.
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  let signalled = false;
  let worker: RunningWorker | null = null;
  const end = async (signal: string) => {
    if (signalled) process.exit(1);
    signalled = true;
    log.info({ signal }, 'asked to end; a second signal ends at once');
    // Not up yet: it has taken nothing, and may be waiting for Postgres.
    await worker?.stop();
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void end(signal));
  process.on('SIGINT', (signal) => void end(signal));
  worker = await startWorker({ config });
}

void main();
