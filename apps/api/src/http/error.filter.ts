import type { ErrorBody } from '@berth/contracts';
import { requestIdOf } from '@berth/observability';
import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { translateError } from './error-translation';
import type { BerthRequest } from './request-context';

/** Makes of everything that is thrown the one shape that errors have. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<BerthRequest>();
    const response = host.switchToHttp().getResponse<Response>();
    const refusal = translateError(error);
    const requestId = String(request.id ?? requestIdOf(request.headers['x-request-id']));
    if (refusal.code === 'internal') {
      this.logger.error({ err: error, requestId, path: request.path }, 'unexpected error');
    } else if (refusal.code === 'unavailable') {
      this.logger.warn({ reason: refusal.message, cause: String(refusal.cause), requestId }, 'unavailable');
    }
    if (response.headersSent) {
      response.end();
      return;
    }
    const body: ErrorBody = {
      error: {
        code: refusal.code,
        message: refusal.message,
        details: refusal.details,
        request_id: requestId,
      },
    };
    response.setHeader('X-Request-Id', requestId);
    if (refusal.code === 'unavailable') response.setHeader('Retry-After', '1');
    if (refusal.code === 'unauthorized') response.setHeader('WWW-Authenticate', 'Bearer');
    response.status(refusal.status).json(body);
  }
}
