import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { MetricsService } from './metrics.service';

/** Measures each request by its route's pattern: a label per id would grow without end. */
@Injectable()
export class MetricsMiddleware implements NestMiddleware {
  constructor(@Inject(MetricsService) private readonly metrics: MetricsService) {}

  use(request: Request, response: Response, next: NextFunction): void {
    const end = this.metrics.requests.startTimer();
    response.on('finish', () => {
      const pattern = (request.route as { path?: unknown } | undefined)?.path;
      // An event stream lasts as long as its operation: that is no latency.
      if (typeof pattern === 'string' && pattern.endsWith('/events')) return;
      const matched = typeof pattern === 'string' && pattern.startsWith('/') && !pattern.includes('*');
      end({ method: request.method, route: matched ? pattern : 'none', status: response.statusCode });
    });
    next();
  }
}
