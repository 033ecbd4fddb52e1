import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLog, type Log } from '../../core/log';
import { writeHostFacts } from '../../hosts/host-facts';
import { HostRuntimes } from '../../hosts/host-runtimes';
import { HostTemplates } from '../../templates/host-templates';
import { BootRecovery } from './boot-recovery';
import { HostClaims } from './host-claims';
import { ObservedChanges } from './observed-changes';
import { SnapshotComparer, type Differences, type TakenSnapshot } from './snapshot-comparer';
import type { WatchedHost } from './watched-host';

/** One look at one host, and what follows from it. */
@Injectable()
export class HostObservation {
  constructor(
    @InjectLog() private readonly log: Log,
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
    private readonly templates: HostTemplates,
    private readonly claims: HostClaims,
    private readonly comparer: SnapshotComparer,
    private readonly changes: ObservedChanges,
    private readonly recovery: BootRecovery,
  ) {}

  /** Throws what the host throws. */
  async snapshot({ record }: WatchedHost): Promise<TakenSnapshot> {
    const runtime = this.runtimes.of(record);
    const look = async () => {
      const takenAt = performance.now();
      return { hostId: record.id, takenAt, ...(await runtime.snapshotHost()) };
    };
    const first = await look();
    if (first.bootId !== null) return first;
    this.log.info({ host: record.name }, 'the host has booted: preparing it');
    await runtime.prepareHost();
    return look();
  }

  /** True where a second look, soon, has to confirm or to go on. */
  async digest(watched: WatchedHost, snapshot: TakenSnapshot): Promise<boolean> {
    const isNewBoot = snapshot.bootId !== watched.record.bootId;
    if (isNewBoot && (await this.afterBoot(watched, snapshot)) === 'again') return true;
    const differences = await this.comparer.compare(snapshot);
    if (watched.recovery) {
      // Those not dealt with are down with their host, not by anybody's wish.
      const { handled } = watched.recovery;
      differences.servers = differences.servers.filter(({ serverId }) => handled.has(serverId));
    }
    return this.apply(watched, snapshot, differences);
  }

  private async afterBoot(
    watched: WatchedHost,
    snapshot: TakenSnapshot,
  ): Promise<'done' | 'waiting' | 'again'> {
    const { record } = watched;
    const bootId = snapshot.bootId!;
    if (watched.recovery?.bootId !== bootId) {
      watched.recovery = { bootId, handled: new Set() };
      this.templates.forget(record.id);
    }
    const outcome = await this.recovery.recover(record, snapshot, watched.recovery.handled);
    if (outcome !== 'done') return outcome;
    // Another kernel may be able to do other things.
    const facts = await this.runtimes.of(record).inspectHost();
    await writeHostFacts(this.dataSource.manager, record.id, facts);
    await this.claims.setBootId(record.id, bootId);
    watched.record = { ...record, bootId };
    watched.recovery = null;
    this.log.info({ host: record.name, bootId }, 'the host is back, its servers are started');
    return outcome;
  }

  private async apply(
    watched: WatchedHost,
    snapshot: TakenSnapshot,
    differences: Differences,
  ): Promise<boolean> {
    const host = watched.record;
    const before = watched.suspects;
    watched.suspects = new Set();
    let unconfirmed = false;
    const confirmed = (suspect: string): boolean => {
      watched.suspects.add(suspect);
      if (!before.has(suspect)) unconfirmed = true;
      return before.has(suspect);
    };
    for (const difference of differences.servers) {
      const { serverId, status, checkpointed, seen } = difference;
      if (confirmed(`${serverId} ${status} ${checkpointed} ${seen}`))
        await this.changes.follow(host, difference, snapshot);
    }
    const known = new Set(differences.openFindings.map(({ kind, subject }) => `${kind} ${subject}`));
    for (const containerId of differences.unknown) {
      const isNew = !known.has(`unknown_container ${containerId}`);
      if (isNew && confirmed(`unknown ${containerId}`)) await this.changes.reportUnknown(host, containerId);
    }
    if (differences.openFindings.length > 0) await this.changes.settleFindings(host, snapshot, differences);
    return unconfirmed;
  }
}
