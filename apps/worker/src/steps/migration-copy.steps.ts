import { StepError } from '@berth/domain';
import type { StepContext, StepHandler, StepOutput } from '@berth/jobs';
import type { MigrationGrant, MigrationOffer } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { accept, connect, connected } from './migration-connection';
import { isRefusal, modeOf, refused, teller, type CopiedRound, type RefusedMode } from './migration-record';
import { MigrationTargets, type MigrationTarget } from './migration-target';
import { HostTemplates } from '../templates/host-templates';
import { absentIsFine, mutationOf } from './mutation';

/** Rounds go on while each is worth it: what is left gets smaller by a third at least, and takes longer than a moment. */
const MOST_ROUNDS = 6;
const SMALL_BYTES = 4 * 1024 ** 2;
const SHRINKS_TO = 2 / 3;

/** The source makes the key of this migration, and says what is to come. Taken back: as if nothing had been. */
@Injectable()
export class OpenMigrationStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<StepOutput> {
    const migration = await this.targets.of(context);
    const { source, containerId, migrationId, modes } = migration;
    const refusedModes: RefusedMode[] = [];
    for (const mode of modes) {
      try {
        const offer = await source.runtime.openMigration(
          containerId,
          { migrationId, mode },
          mutationOf(context),
        );
        return { mode, refused_modes: refusedModes, offer };
      } catch (error) {
        if (!isRefusal(error) || mode === modes.at(-1)) throw error;
        context.log(`${mode} can't be: ${error.message}`);
        refusedModes.push(refused(mode, error));
      }
    }
    throw new StepError('abort', 'internal', 'the operation names no mode');
  }

  async undo(context: StepContext): Promise<void> {
    await resume(await this.targets.of(context), context);
  }
}

/** The source's server goes on as it was before; nothing of the migration is left there. */
export async function resume(
  { source, containerId, migrationId }: MigrationTarget,
  context: StepContext,
): Promise<void> {
  await absentIsFine(
    source.runtime.resumeSource(containerId, { migrationId }, mutationOf(context)).then((state) => {
      context.log(`${source.host.name} has it, ${state}`);
    }),
  );
}

/** The target checks that it can have it, and lets the source in. Taken back: what has come is removed. */
@Injectable()
export class AcceptMigrationStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<StepOutput> {
    const migration = await this.targets.of(context);
    const offer = context.outputOf('open_migration')!.offer as MigrationOffer;
    return { ...(await accept(migration, offer, context)) };
  }

  async undo(context: StepContext): Promise<void> {
    const { target, containerId, migrationId } = await this.targets.of(context);
    const answer = await target.runtime.rejectMigration(containerId, { migrationId }, mutationOf(context));
    context.log(`${target.host.name}: what had come is ${answer}`);
  }
}

/** The source is told where to, and tries the way. */
@Injectable()
export class ConnectMigrationStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<void> {
    const migration = await this.targets.of(context);
    await connect(migration, context.outputOf('accept_migration') as unknown as MigrationGrant, context);
  }
}

/** Rounds of what `send` sends, while each leaves much less to the next. */
async function copyRounds(
  context: StepContext,
  step: string,
  expectedBytes: number,
  send: (onProgress: (bytes: number) => void) => Promise<{ round: number; bytes: number }>,
): Promise<{ rounds: CopiedRound[]; bytes: number }> {
  const rounds: CopiedRound[] = [];
  let total = 0;
  for (;;) {
    const began = Date.now();
    const tell = teller(context, step, expectedBytes, total);
    const { round, bytes } = await send((sent) => tell(sent, { rounds }));
    rounds.push({ round, bytes, ms: Date.now() - began });
    total += bytes;
    context.log(`round ${round}: ${bytes} bytes in ${Date.now() - began} ms`);
    const before = rounds.at(-2)?.bytes;
    const isWorthIt = bytes > SMALL_BYTES && (before === undefined || bytes < before * SHRINKS_TO);
    if (rounds.length >= MOST_ROUNDS || !isWorthIt) return { rounds, bytes: total };
  }
}

/** The disk, in rounds, while the server runs. Not offline: it is stopped before the first byte then. */
@Injectable()
export class CopyDiskStep implements StepHandler {
  constructor(
    private readonly targets: MigrationTargets,
    private readonly templates: HostTemplates,
  ) {}

  async run(context: StepContext): Promise<StepOutput> {
    const migration = await this.targets.of(context);
    await this.bringTemplate(migration, context);
    const { source, containerId, migrationId, bandwidthBps, status } = migration;
    if (modeOf(context, migration).mode === 'offline' || status !== 'running')
      return { rounds: [], bytes: 0 };
    const { diskBytes } = context.outputOf('open_migration')!.offer as MigrationOffer;
    return copyRounds(context, 'copy_disk', diskBytes, (onProgress) =>
      connected(migration, context, () =>
        source.runtime.sendDisk(containerId, { migrationId, bandwidthBps, onProgress }, mutationOf(context)),
      ),
    );
  }

  /** What the target has of it need not go from host to host. It only saves time: where it can't be had, all goes. */
  private async bringTemplate({ target, template }: MigrationTarget, context: StepContext): Promise<void> {
    const options = { signal: context.signal, onProgress: () => undefined };
    try {
      await this.templates.ensure(target.host, target.runtime, template, options);
    } catch (error) {
      if (context.signal.aborted) throw error;
      context.log(`${target.host.name} goes without the template: ${(error as Error).message}`);
    }
  }
}

/** The memory, in rounds, while the server runs: live, and where both hosts can tell which pages have changed. */
@Injectable()
export class CopyMemoryStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<StepOutput> {
    const migration = await this.targets.of(context);
    const { source, target, containerId, migrationId, bandwidthBps, status } = migration;
    const isTracked = [source, target].every(({ capabilities }) =>
      capabilities.includes('migrate:memory_precopy'),
    );
    const isLive = modeOf(context, migration).mode === 'live' && status === 'running';
    if (!isLive || !isTracked) return { rounds: [], bytes: 0 };
    const { memoryBytes } = context.outputOf('open_migration')!.offer as MigrationOffer;
    try {
      return await copyRounds(context, 'copy_memory', memoryBytes, (onProgress) =>
        connected(migration, context, () =>
          source.runtime.sendMemory(
            containerId,
            { migrationId, bandwidthBps, onProgress },
            mutationOf(context),
          ),
        ),
      );
    } catch (error) {
      // It only shortens what follows.
      if (!isRefusal(error)) throw error;
      context.log(`the memory goes over in one pass: ${error.message}`);
      return { rounds: [], bytes: 0, refused: error.message };
    }
  }
}

/** What the target needs but the last of files and memory is made ready while the server still runs. */
@Injectable()
export class PrepareTargetStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<void> {
    const migration = await this.targets.of(context);
    const { target, containerId, migrationId, status } = migration;
    if (modeOf(context, migration).mode !== 'live' || status !== 'running') return;
    await target.runtime.prepareTakeOver(containerId, { migrationId }, mutationOf(context));
  }
}
