import { BerthError } from '@berth/domain';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../auth/access.decorator';
import { bearerOf } from '../auth/request-auth.service';
import { TokenLookupService } from '../auth/token-lookup.service';
import { AnswersText } from '../openapi/answers';
import { MetricsService } from './metrics.service';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(MetricsService) private readonly metrics: MetricsService,
    @Inject(TokenLookupService) private readonly tokens: TokenLookupService,
  ) {}

  /** Prometheus' text format. From this machine without a token, from elsewhere with an operator's. */
  @Get()
  @Public()
  @AnswersText('text/plain')
  async get(@Req() request: Request, @Res() response: Response) {
    await this.assertMay(request);
    response.setHeader('Content-Type', this.metrics.registry.contentType);
    response.send(await this.metrics.registry.metrics());
  }

  /** `request.ip` is the client's own address, also behind a proxy on this machine (X-Forwarded-For). */
  private async assertMay(request: Request): Promise<void> {
    if (LOOPBACK.test(request.ip ?? '')) return;
    const secret = bearerOf(request.headers.authorization);
    const caller = secret && (await this.tokens.find(secret));
    if (!caller) throw new BerthError('unauthorized', "send an operator's token");
    if (caller.role !== 'operator') throw new BerthError('forbidden', 'metrics are for operators');
  }
}
