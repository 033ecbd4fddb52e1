import { OperationsQueue, queueDashboardRouter } from '@berth/jobs';
import { requestIdOf } from '@berth/observability';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { RateLimitService } from './auth/rate-limit.service';
import { bearerOf, RequestAuthService } from './auth/request-auth.service';
import { assertNotForged } from './auth/same-origin';
import { TokenLookupService } from './auth/token-lookup.service';
import { translateError } from './http/error-translation';

export const QUEUES_PATH = '/admin/queues';

/** The token: as Bearer, or as the password that a browser asks for (any user name). */
function secretOf(header: string | undefined): string | null {
  const basic = /^Basic +([A-Za-z0-9+/=]{1,400})$/i.exec(header ?? '')?.[1];
  if (!basic) return bearerOf(header);
  return Buffer.from(basic, 'base64').toString().split(':').slice(1).join(':');
}

/** Who asks: by a token, else by the session of the dashboard, which links here. */
async function callerOf(app: NestExpressApplication, request: Request, secret: string | null) {
  if (secret !== null) return app.get(TokenLookupService).find(secret);
  const found = await app.get(RequestAuthService).findSession(request);
  if (found) assertNotForged(request, found.session);
  return found?.caller ?? null;
}

/** Mounts Bull Board, read-only, for operators. */
export function mountQueueDashboard(app: NestExpressApplication): void {
  const limits = app.get(RateLimitService);
  const guard = async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const requestId = requestIdOf(request.headers['x-request-id']);
    const refuse = (status: number, code: string, message: string) => {
      response.setHeader('X-Request-Id', requestId);
      response.status(status).json({ error: { code, message, details: {}, request_id: requestId } });
    };
    try {
      const secret = secretOf(request.headers.authorization);
      const caller = await callerOf(app, request, secret);
      if (caller?.role === 'operator' && caller.scopes.includes('read')) return next();
      if (caller) return refuse(403, 'forbidden', 'the queues are for operators');
      if (secret) await limits.countFailure(request.ip ?? 'unknown', response);
      response.setHeader('WWW-Authenticate', 'Basic realm="Berth: an operator\'s token as password"');
      refuse(401, 'unauthorized', "log in with an operator's token as password");
    } catch (error) {
      const refusal = translateError(error);
      refuse(refusal.status, refusal.code, refusal.message);
    }
  };
  const guarded = (request: Request, response: Response, next: NextFunction) =>
    void guard(request, response, next);
  const board = queueDashboardRouter(app.get(OperationsQueue), QUEUES_PATH);
  board.disable('x-powered-by');
  app.use(QUEUES_PATH, guarded, board);
}
