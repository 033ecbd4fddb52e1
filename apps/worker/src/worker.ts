import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LOG, createLog, nestLogger, type Log } from './core/log';
import type { WorkerOptions } from './core/worker-options';
import { WorkerLifecycle } from './worker-lifecycle';
import { WorkerModule } from './worker.module';

export interface RunningWorker {
  readonly log: Log;
  /** See WorkerLifecycle.stop. */
  stop(): Promise<void>;
}

/** Starts a worker in this process. Waits for Postgres; throws where handlers and plans don't match. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config } = options;
  const logger = nestLogger(createLog(config.logLevel));
  const module = WorkerModule.forRoot(options);
  const settings = { logger, abortOnError: false } as const;
  let app: INestApplicationContext;
  if (config.healthPort === null) {
    app = await NestFactory.createApplicationContext(module, settings);
  } else {
    const http = await NestFactory.create(module, settings);
    await http.listen(config.healthPort, '127.0.0.1');
    app = http;
  }
  const lifecycle = app.get(WorkerLifecycle);
  await lifecycle.start();
  return {
    log: app.get<Log>(LOG),
    stop: async () => {
      await lifecycle.stop();
      await app.close();
    },
  };
}
