import type { ApiConfig } from '@berth/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module';
import { serveDashboard } from './dashboard/serve-dashboard';
import { buildOpenApi } from './openapi/document';
import { mountQueueDashboard } from './queue-dashboard';
import { serveDocumentation } from './openapi/serve-documentation';

/**
 * What the dashboard and the pages under /docs and /admin/queues need, and no more; all of it is served by us. Scripts and
 * connections are the default's: 'self', which holds WebSockets of the own origin too. Mantine and xterm.js write styles.
 */
const securityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      frameAncestors: ["'none'"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
    },
  },
});

/** The API, ready for `listen()`. Connects to Postgres; throws where that can't be reached. */
export async function createApi(config: ApiConfig): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(config), {
    bodyParser: false, // ours knows the error table
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  app.disable('x-powered-by');
  // A proxy on this machine tells the client's address; one elsewhere is not believed.
  app.set('trust proxy', 'loopback');
  app.use(securityHeaders);
  mountQueueDashboard(app);
  serveDocumentation(app, buildOpenApi(app, config.publicUrl));
  serveDashboard(app, config.dashboardDir);
  return app;
}
