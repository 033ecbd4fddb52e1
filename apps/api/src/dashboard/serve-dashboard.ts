import { join, resolve } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type NextFunction, type Request, type Response, static as serveStatic } from 'express';

/** The workspace's, from apps/api/dist/dashboard as from apps/api/src/dashboard. */
const BESIDE_THE_API = resolve(__dirname, '../../../dashboard/dist');

/** The API's: not even looked for among the files, and an unknown path there stays a 404 in JSON. */
const API = /^\/(v1|docs|admin|health|metrics|openapi\.json)(\/|$)/;
const ASSETS = '/assets/';

const NOT_BUILT = `Berth's API answers here. The dashboard is not built: build apps/dashboard, or name the directory of
a built one in BERTH_DASHBOARD_DIR.
`;

/** Vite's assets carry a hash of what they hold in their names, so they never change; all else is asked for anew. */
function cacheFor(response: Response, isAsset: boolean): void {
  response.setHeader('Cache-Control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache');
}

const isMissing = (error: unknown) => (error as { code?: string }).code === 'ENOENT';

/** A page of the single-page app: a browser navigates to it; programs, which take anything, are told of a 404. */
function isPage({ method, path, headers }: Request): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return path === '/' || (!path.startsWith(ASSETS) && /\btext\/html\b/.test(headers.accept ?? ''));
}

/**
 * Serves the built dashboard: its files, and index.html for each of its pages. Looked for at every request, so one that is
 * built later is there without a restart.
 */
export function serveDashboard(app: NestExpressApplication, directory: string | null): void {
  const root = directory ?? BESIDE_THE_API;
  const files = serveStatic(root, {
    index: false,
    redirect: false,
    cacheControl: false,
    setHeaders: (response, path) => cacheFor(response as Response, path.startsWith(join(root, ASSETS))),
  });
  const page = (request: Request, response: Response, next: NextFunction) => {
    if (!isPage(request)) return next();
    cacheFor(response, false);
    response.sendFile('index.html', { root, cacheControl: false }, (error?: Error) => {
      if (!error) return;
      if (!isMissing(error)) return next(error);
      if (request.path !== '/') return next();
      response.status(404).type('text/plain').send(NOT_BUILT);
    });
  };
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (API.test(request.path)) return next();
    files(request, response, (error?: unknown) => (error ? next(error) : page(request, response, next)));
  });
}
