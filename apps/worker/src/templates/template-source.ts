import { parseUrl } from '@berth/contracts';
import { StepError } from '@berth/domain';
import { Injectable } from '@nestjs/common';
import { InjectOptions, type WorkerOptions } from '../core/worker-options';
import { openFile } from './file-source';
import { openHttp } from './http-source';
import type { OpenedSource } from './opened-source';

/** Opens templates' tarballs where their source says: `https://…`, `http://…`, or `file:///…` below the allowed directories. */
@Injectable()
export class TemplateSource {
  constructor(@InjectOptions() private readonly options: WorkerOptions) {}

  /** Throws StepError: `template_unavailable` (retry where it may come back), `template_source_refused`. */
  async open(source: string, signal: AbortSignal): Promise<OpenedSource> {
    const url = parseUrl(source);
    switch (url?.protocol) {
      case 'file:':
        return openFile(url, this.options.config.templateFileRoots);
      case 'https:':
      case 'http:':
        return openHttp(url, signal);
      default:
        throw new StepError(
          'abort',
          'template_source_refused',
          `${JSON.stringify(source)} is no file://, http:// or https:// URL`,
        );
    }
  }
}
