import { leaveSourceBehind, moveServerToTarget } from '@berth/database';
import { StepError } from '@berth/domain';
import type { StepContext, StepHandler, StepOutput } from '@berth/jobs';
import { RuntimeError, type TakenOver } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { connected, ipOf } from './migration-connection';
import { resume } from './migration-copy.steps';
import { isRefusal, modeOf, refused, teller } from './migration-record';
import { MigrationTargets, type MigrationTarget } from './migration-target';
import { mutationOf } from './mutation';

/** To shut down in, where it has to be stopped. */
const STOP_TIMEOUT_MS = 60_000;

/**
 * The server stands still, and the rest goes over. Taken back: it goes on at the source. That needs no word of the target:
 * this is undone only if nobody has asked that to take over, or if it has said that it did not.
 */
@Injectable()
export class HandOverStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<StepOutput> {
    const migration = await this.targets.of(context);
    const { modes } = migration;
    const so = modeOf(context, migration);
    const refusedModes = [...so.refusedModes];
    for (const mode of modes.slice(modes.indexOf(so.mode))) {
      try {
        const { bytes, running, stillForMs } = await connected(migration, context, () =>
          this.handOver(migration, mode, context),
        );
        const stillSince = Date.now() - stillForMs;
        return { mode, refused_modes: refusedModes, bytes, running, still_since: stillSince, ms: stillForMs };
      } catch (error) {
        if (!isRefusal(error) || mode === modes.at(-1)) throw error;
        context.log(`${mode} can't be: ${error.message}`);
        refusedModes.push(refused(mode, error));
      }
    }
    throw new StepError('abort', 'internal', 'no mode is left');
  }

  async undo(context: StepContext): Promise<void> {
    await resume(await this.targets.of(context), context);
  }

  private handOver(
    { source, containerId, migrationId, bandwidthBps }: MigrationTarget,
    mode: MigrationTarget['modes'][number],
    context: StepContext,
  ) {
    const onProgress = teller(context, 'hand_over', 0);
    const transfer = { migrationId, bandwidthBps, onProgress, mode, timeoutMs: STOP_TIMEOUT_MS };
    return source.runtime.handOver(containerId, transfer, mutationOf(context));
  }
}

/**
 * The point of no return: the server goes on at the target. Whether it does only the target can say, so that it is asked
 * until it has: that it has taken over, or that it has removed all and never will.
 */
@Injectable()
export class TakeOverStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<StepOutput> {
    const migration = await this.targets.of(context);
    const beganAt = Date.now();
    const { state, resumedAgoMs } = await this.takeOver(migration, context);
    return { state, began_at: beganAt, resumed_at: Date.now() - (resumedAgoMs ?? 0) };
  }

  private async takeOver(migration: MigrationTarget, context: StepContext): Promise<TakenOver> {
    const { target, containerId, migrationId } = migration;
    try {
      return await target.runtime.takeOver(containerId, { migrationId }, mutationOf(context));
    } catch (error) {
      if (wasNeverAsked(error, context)) throw outOfReach(migration, error);
      if (mayBeAskedAgain(error)) throw error;
      context.log((error as Error).message);
      return this.decide(migration, context, error as Error);
    }
  }

  private async decide(
    { source, target, containerId, migrationId }: MigrationTarget,
    context: StepContext,
    cause: Error,
  ): Promise<TakenOver> {
    const answer = await target.runtime
      .rejectMigration(containerId, { migrationId }, mutationOf(context))
      .catch((error: unknown) => {
        throw mayBeAskedAgain(error) ? error : undecided(target.host.name, error as Error);
      });
    if (answer === 'taken_over') {
      const state = (await target.runtime.inspect(containerId))?.state ?? 'stopped';
      return { state, resumedAgoMs: null };
    }
    const code = cause instanceof RuntimeError ? cause.code : 'internal';
    const message =
      `${target.host.name} could not take the server over, and has removed what had come: ${cause.message}. ` +
      `It goes on at ${source.host.name}`;
    throw new StepError('abort', code, message, { host: target.host.name }, { cause });
  }
}

/** No connection came about, at the first try of all: the target can't have begun, and nobody will ask it again. */
const wasNeverAsked = (error: unknown, { attempt }: StepContext): error is RuntimeError =>
  attempt === 1 && error instanceof RuntimeError && error.details.action === 'connect';

const outOfReach = ({ source, target }: MigrationTarget, cause: RuntimeError): StepError =>
  new StepError(
    'abort',
    cause.code,
    `${target.host.name} was not reached to take the server over: ${cause.message}. It goes on at ${source.host.name}`,
    { host: target.host.name },
    { cause },
  );

const mayBeAskedAgain = (error: unknown): boolean =>
  error instanceof RuntimeError && (error.retryable || ['fenced', 'aborted'].includes(error.code));

const undecided = (host: string, cause: Error): StepError =>
  new StepError(
    'retry',
    'undecided',
    `${host} does not say whether it has the server: ${cause.message}`,
    {},
    { cause },
  );

/**
 * From here on the database says so too, and both hosts' books. What ran before runs: either host may have lost its power
 * since, and no boot's recovery looks at a server on its way.
 */
@Injectable()
export class MoveServerStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<void> {
    const { target, containerId, status } = await this.targets.of(context);
    await context.commit((em) => moveServerToTarget(em, context.operation.id));
    if (status !== 'running') return;
    const state = (await target.runtime.inspect(containerId))?.state;
    if (state === 'stopped') await target.runtime.start(containerId, mutationOf(context));
  }
}

/**
 * Nothing is left at the source, and the way between the hosts is closed. The server runs at its target by now: it does not
 * wait for a source that stays away, which is left to an operation of its own.
 */
@Injectable()
export class RemoveSourceStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<StepOutput> {
    const migration = await this.targets.of(context);
    const { target, containerId, migrationId } = migration;
    let leftTo: string | null = null;
    try {
      await dropSource(migration, context);
    } catch (error) {
      if (!(error instanceof RuntimeError && error.code === 'unreachable' && context.attempt >= TRIES))
        throw error;
      leftTo = await context.commit((em) => leaveSourceBehind(em, context.operation));
      context.log(`${error.message}: operation ${leftTo} removes what is left there`);
    }
    await target.runtime.closeMigration(containerId, { migrationId }, mutationOf(context));
    return { ...summaryOf(migration, context), ...(leftTo && { source_left_to: leftTo }) };
  }
}

/** The same, later: by an operation of the host's own, which waits for it as long as it takes. */
@Injectable()
export class ClearSourceStep implements StepHandler {
  constructor(private readonly targets: MigrationTargets) {}

  async run(context: StepContext): Promise<void> {
    await dropSource(await this.targets.of(context), context);
  }
}

/** Half a minute, most of it spent on waiting for connections. */
const TRIES = 3;

async function dropSource(
  { source, target, containerId, migrationId }: MigrationTarget,
  context: StepContext,
): Promise<void> {
  const forwardTo = await ipOf(target.host.address);
  await source.runtime.dropSource(containerId, { migrationId, forwardTo }, mutationOf(context));
}

/** What the operation has come to; `frozen_ms` is the time in which nothing of the server ran, as its hosts tell it. */
function summaryOf({ source, target }: MigrationTarget, context: StepContext): StepOutput {
  const [disk, memory, handOver, takeOver] = ['copy_disk', 'copy_memory', 'hand_over', 'take_over'].map(
    (step) => context.outputOf(step) ?? {},
  ) as [StepOutput, StepOutput, StepOutput, StepOutput];
  const bytes = {
    disk_precopied: Number(disk.bytes ?? 0),
    memory_precopied: Number(memory.bytes ?? 0),
    last: Number(handOver.bytes ?? 0),
  };
  const frozen = handOver.running
    ? {
        frozen_ms: Number(takeOver.resumed_at) - Number(handOver.still_since),
        frozen_parts_ms: {
          hand_over: handOver.ms,
          between: Math.max(
            0,
            Number(takeOver.began_at) - Number(handOver.still_since) - Number(handOver.ms),
          ),
          take_over: Number(takeOver.resumed_at) - Number(takeOver.began_at),
        },
      }
    : { frozen_ms: 0 };
  return {
    source: source.host.name,
    target: target.host.name,
    mode: handOver.mode,
    refused_modes: handOver.refused_modes,
    bytes_sent: bytes.disk_precopied + bytes.memory_precopied + bytes.last,
    bytes,
    disk_rounds: disk.rounds,
    memory_rounds: memory.rounds,
    ...frozen,
  };
}
