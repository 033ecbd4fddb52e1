import { EnvironmentError, loadApiConfig } from '@berth/config';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApi } from './create-api';
import { listen } from './listen';

const IDLE_SWEEP_MS = 100;

/** Takes no new requests, lets the running ones end, then closes what they used. Gives up after `timeoutMs`. */
async function shutDown(app: NestExpressApplication, timeoutMs: number): Promise<void> {
  const giveUp = setTimeout(() => {
    new Logger('Main').error(`requests did not end within ${timeoutMs} ms`);
    process.exit(1);
  }, timeoutMs);
  // A connection that is kept alive would hold the server open after its last request.
  const sweep = setInterval(() => app.getHttpServer().closeIdleConnections(), IDLE_SWEEP_MS);
  await app.close();
  clearInterval(sweep);
  clearTimeout(giveUp);
}

async function main(): Promise<void> {
  const config = loadApiConfig(process.env);
  const app = await createApi(config);
  await listen(app, config.port, config.host);
  new Logger('Main').log(`listening on ${await app.getUrl()}`);
  let ending = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      shutDown(app, config.shutdownTimeoutMs).then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof EnvironmentError ? `api: ${error.message}` : error);
  process.exit(1);
});
