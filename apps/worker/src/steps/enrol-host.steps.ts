import { StepError } from '@berth/domain';
import type { StepContext, StepHandler, StepOutput } from '@berth/jobs';
import { readHostKeyFingerprint, type HostFacts } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { writeHostFacts } from '../hosts/host-facts';
import { findHost } from '../hosts/find-host';
import type { HostRecord } from '../hosts/host-record';
import { HostRuntimes } from '../hosts/host-runtimes';
import { HostTemplates } from '../templates/host-templates';

const MIB = 1024 ** 2;
/** Less than this holds no container. */
const LEAST = { cpus: 0.01, ramBytes: 64 * MIB, freeDiskBytes: 256 * MIB };
const LEARN_KEY_TIMEOUT_MS = 10_000;

/**
 * The first look at a host: its key is learnt and pinned where the operator named none, then it is asked what it is.
 * Whatever is wrong ends the enrolment at once, since a person waits for the answer and can ask again.
 */
@Injectable()
export class CheckHostStep implements StepHandler {
  constructor(
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
    private readonly templates: HostTemplates,
  ) {}

  async run(context: StepContext): Promise<StepOutput> {
    const hostId = context.operation.hostId!;
    // It may be another machine than the one of this name before.
    await this.runtimes.forget(hostId);
    this.templates.forget(hostId);
    const host = await this.pinned(await existing(this.dataSource, hostId), context);
    const facts = await this.runtimes.of(host).inspectHost();
    assertRoom(host, facts);
    return { facts };
  }

  private async pinned(host: HostRecord, context: StepContext): Promise<HostRecord> {
    if (host.driver === 'simulated' || host.hostKeyFingerprint !== null) return host;
    const { name, address, port } = host;
    const fingerprint = await readHostKeyFingerprint({
      name,
      address,
      port,
      timeoutMs: LEARN_KEY_TIMEOUT_MS,
    });
    context.log(`${name} shows the key ${fingerprint}, which is pinned from now on`);
    await context.commit((em) =>
      em.query('UPDATE hosts SET host_key_fingerprint = $2 WHERE id = $1 AND host_key_fingerprint IS NULL', [
        host.id,
        fingerprint,
      ]),
    );
    return { ...host, hostKeyFingerprint: fingerprint };
  }
}

/** Sets the host up for containers. */
@Injectable()
export class PrepareHostStep implements StepHandler {
  constructor(
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
  ) {}

  async run(context: StepContext): Promise<StepOutput> {
    const host = await existing(this.dataSource, context.operation.hostId!);
    return this.runtimes.of(host).prepareHost({ signal: context.signal });
  }
}

/** Writes what was found; the operation's end then lets orders in. */
@Injectable()
export class OpenForOrdersStep implements StepHandler {
  async run(context: StepContext): Promise<void> {
    const hostId = context.operation.hostId!;
    const facts = context.outputOf('check_host')?.facts as HostFacts;
    const bootId = context.outputOf('prepare_host')?.bootId as string;
    await context.commit(async (em) => {
      await writeHostFacts(em, hostId, facts);
      await em.query('UPDATE hosts SET boot_id = $2, last_seen_at = now(), last_error = NULL WHERE id = $1', [
        hostId,
        bootId,
      ]);
    });
  }
}

async function existing(dataSource: DataSource, hostId: string): Promise<HostRecord> {
  const host = await findHost(dataSource.manager, hostId);
  if (!host || host.state === 'removed')
    throw new StepError('abort', 'not_found', 'the host was removed meanwhile');
  return host;
}

function assertRoom(host: HostRecord, facts: HostFacts): void {
  const { cpus, ramBytes, disk } = facts;
  const lacking =
    cpus < LEAST.cpus
      ? 'it reports no CPU'
      : ramBytes < LEAST.ramBytes
        ? `it has ${Math.floor(ramBytes / MIB)} MiB of memory, at least ${LEAST.ramBytes / MIB} are needed`
        : disk.freeBytes < LEAST.freeDiskBytes
          ? `its pool has ${Math.floor(disk.freeBytes / MIB)} MiB free, at least ${LEAST.freeDiskBytes / MIB} are needed`
          : null;
  if (lacking)
    throw new StepError('abort', 'no_space', `${host.name} has no room for containers: ${lacking}`, {
      facts,
    });
}
