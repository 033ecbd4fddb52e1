import type { StepContext, StepHandler } from '@berth/jobs';
import { RuntimeError } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { InjectOptions, type WorkerOptions } from '../core/worker-options';
import { HostTemplates } from '../templates/host-templates';
import { rootPasswordOf, specOf } from './container-spec';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets } from './server-target';

/**
 * Makes the container; starts it at once where the order says so, since one call to the host takes less time than two.
 * Taken back by destroying it.
 */
@Injectable()
export class CreateContainerStep implements StepHandler {
  constructor(
    private readonly targets: ServerTargets,
    private readonly templates: HostTemplates,
    @InjectOptions() private readonly options: WorkerOptions,
  ) {}

  async run(context: StepContext): Promise<{ started_with_fence: number | null }> {
    const target = await this.targets.of(context.operation);
    const spec = specOf(target, await rootPasswordOf(context, this.options));
    const start = context.operation.input.start !== false;
    const create = () => target.runtime.create(spec, { ...mutationOf(context), start });
    try {
      await create();
    } catch (error) {
      if (!(error instanceof RuntimeError && error.code === 'template_missing')) throw error;
      // The host has lost it since this worker last saw it there.
      const { host, runtime, template } = target;
      context.log(`${host.name} has lost the template ${template.sha256}: importing it again`);
      this.templates.forget(host.id, template.sha256);
      await this.templates.ensure(host, runtime, template, { signal: context.signal, onProgress: () => {} });
      await create();
    }
    return { started_with_fence: start ? context.fence : null };
  }

  async undo(context: StepContext): Promise<void> {
    const { runtime, containerId } = await this.targets.of(context.operation);
    await absentIsFine(runtime.destroy(containerId, mutationOf(context)));
  }
}
