import { inTransaction, writeUsageSamples } from '@berth/database';
import type { StepContext, StepHandler } from '@berth/jobs';
import { RuntimeError } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readingOf } from '../hosts/usage-reading';
import { absentIsFine, mutationOf } from './mutation';
import { ServerTargets, type ServerTarget } from './server-target';

/**
 * A host that an operator removed is gone for good, with all that was on it: there is nothing to destroy, and nobody to
 * ask. Its servers can be deleted, so that they give back what they hold.
 */
export function isGone({ host }: ServerTarget, context: StepContext): boolean {
  if (host.state !== 'removed') return false;
  context.log(`${host.name} was removed: nothing is left there to delete`);
  return true;
}

/** The first half of a delete: nothing of the server runs after it. */
@Injectable()
export class KillForDeleteStep implements StepHandler {
  constructor(private readonly targets: ServerTargets) {}

  async run(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    if (isGone(target, context)) return;
    await absentIsFine(target.runtime.kill(target.containerId, mutationOf(context)));
  }
}

/** The second half: nothing of it is left on the host. What it used last is counted before. */
@Injectable()
export class DestroyContainerStep implements StepHandler {
  constructor(
    private readonly targets: ServerTargets,
    private readonly dataSource: DataSource,
  ) {}

  async run(context: StepContext): Promise<void> {
    const target = await this.targets.of(context.operation);
    if (isGone(target, context)) return;
    await this.takeLastSample(target, context);
    await absentIsFine(target.runtime.destroy(target.containerId, mutationOf(context)));
  }

  /** It counts for nothing more than a bill: a host that can't tell must not keep a server from being deleted. */
  private async takeLastSample(
    { runtime, containerId, host }: ServerTarget,
    context: StepContext,
  ): Promise<void> {
    try {
      const reading = readingOf(await runtime.beancounters(containerId));
      if (reading) await inTransaction(this.dataSource, (em) => writeUsageSamples(em, host.id, [reading]));
    } catch (error) {
      const code = error instanceof RuntimeError ? error.code : null;
      if (code === 'not_found') return;
      // Nor could it destroy anything: when it is back, it is asked again.
      if (code === 'unreachable' || code === 'busy') throw error;
      context.log(`what it used last was not counted: ${(error as Error).message}`);
    }
  }
}
