import { StepError } from '@berth/domain';
import type { StepContext } from '@berth/jobs';
import { RuntimeError, type MigrationGrant, type MigrationOffer } from '@berth/runtime';
import { lookup } from 'node:dns/promises';
import { modeOf } from './migration-record';
import type { MigrationTarget } from './migration-target';
import { mutationOf } from './mutation';

/** The target checks that it can have it, and lets the source in. */
export async function accept(
  migration: MigrationTarget,
  offer: MigrationOffer,
  context: StepContext,
): Promise<MigrationGrant> {
  const { source, target, containerId } = migration;
  const { mode } = modeOf(context, migration);
  const from = await ipOf(source.host.address);
  return target.runtime.acceptMigration(containerId, offer, { ...mutationOf(context), from, mode });
}

/** The source is told where to, and tries the way. */
export async function connect(
  { source, target, containerId, migrationId }: MigrationTarget,
  grant: MigrationGrant,
  context: StepContext,
): Promise<void> {
  const { port, user } = target.host;
  const peer = { address: await ipOf(target.host.address), port, user };
  await source.runtime.connectMigration(containerId, { migrationId, peer, grant }, mutationOf(context));
}

/**
 * The work, and where the hosts don't find each other for it, the first steps once more, and another try: a host that lost
 * its power since has forgotten the key, or that it lets the other in.
 */
export async function connected<T>(
  migration: MigrationTarget,
  context: StepContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeError && ['peer_unreachable', 'not_found'].includes(error.code)))
      throw error;
    context.log(`${error.message}: opening the way anew`);
    await reconnect(migration, context);
    return work();
  }
}

async function reconnect(migration: MigrationTarget, context: StepContext): Promise<void> {
  const { source, containerId, migrationId } = migration;
  const { mode } = modeOf(context, migration);
  const offer = await source.runtime.openMigration(containerId, { migrationId, mode }, mutationOf(context));
  await connect(migration, await accept(migration, offer, context), context);
}

/** Hosts know each other by address only. */
export async function ipOf(address: string): Promise<string> {
  try {
    return (await lookup(address)).address;
  } catch (cause) {
    const message = `the host's name ${address} resolves to no address`;
    throw new StepError('retry', 'unreachable', message, {}, { cause });
  }
}
