import type { StepContext, StepHandler } from '@berth/jobs';
import { Injectable } from '@nestjs/common';
import { HostTemplates } from '../templates/host-templates';
import { ServerTargets } from './server-target';

/** Makes the template present on the server's host. Costs nothing where this worker has seen it there before. */
@Injectable()
export class ImportTemplateStep implements StepHandler {
  constructor(
    private readonly targets: ServerTargets,
    private readonly templates: HostTemplates,
  ) {}

  async run(context: StepContext): Promise<{ template: string }> {
    const { host, runtime, template } = await this.targets.of(context.operation);
    const outcome = await this.templates.ensure(host, runtime, template, {
      signal: context.signal,
      onProgress: (percent) => context.progress(percent),
    });
    return { template: outcome };
  }
}
