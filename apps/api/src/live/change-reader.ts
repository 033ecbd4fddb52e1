import { ChangeFeed, type CommittedChange, readChangeDigest, type ChangeDigest } from '@berth/database';
import type { OperationEvents } from '@berth/jobs';
import type { DataSource } from 'typeorm';
import { staleResources } from './change-resources';
import type { PendingChanges } from './pending-changes';

/** What the tables of events tell is looked for so often, ms. */
const LOOK_MS = 250;
/** What only a doorbell tells, or nothing, is compared so often, ms: a lost doorbell costs as much. */
const COMPARE_MS = 2000;
/** Without a look for so long, ms, it is given up to tell one by one what happened meanwhile. */
const LOST_MS = 30_000;

/** What the reader finds goes here; `onLost`: more than can be told one by one. */
export interface ReaderTargets {
  pending: PendingChanges;
  onChange: () => void;
  onLost: () => void;
  onError: (error: Error) => void;
}

/** Finds out what changes, for all streams of a process at once, and only while there are any. */
export class ChangeReader {
  private feed: ChangeFeed;
  private digest: ChangeDigest | null = null;
  private isFailing = false;
  private looking = false;
  private unwatch: (() => void) | null = null;
  private timer: NodeJS.Timeout | null = null;
  private lookedAt = -Infinity;
  private comparedAt = -Infinity;
  private run = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly events: OperationEvents,
    private readonly targets: ReaderTargets,
  ) {
    this.feed = new ChangeFeed(dataSource);
  }

  /**
   * Resolves when whatever is committed from now on will be told; with false where it was stopped or begun anew meanwhile.
   * Throws where Postgres can't be asked.
   */
  async start(): Promise<boolean> {
    const run = ++this.run;
    const feed = new ChangeFeed(this.dataSource);
    await feed.start();
    const digest = await readChangeDigest(this.dataSource);
    if (run !== this.run) return false;
    this.feed = feed;
    this.digest = digest;
    this.lookedAt = this.comparedAt = performance.now();
    this.unwatch = this.events.watchAll(({ operationId, ended }) => {
      this.targets.pending.operation(operationId);
      this.targets.onChange();
      if (ended) this.schedule(0, run);
    });
    this.schedule(LOOK_MS, run);
    return true;
  }

  stop(): void {
    this.run += 1;
    this.unwatch?.();
    this.unwatch = null;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Ms since it last saw what there is. */
  get age(): number {
    return performance.now() - this.lookedAt;
  }

  private schedule(delayMs: number, run: number): void {
    if (run !== this.run || this.looking) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.looking = true;
      this.look()
        .then(
          () => (this.isFailing = false),
          (error: unknown) => {
            if (!this.isFailing) this.targets.onError(error as Error);
            this.isFailing = true;
          },
        )
        .finally(() => {
          this.looking = false;
          this.schedule(LOOK_MS, this.run);
        });
    }, delayMs);
  }

  private async look(): Promise<void> {
    if (this.age > LOST_MS) {
      await this.feed.start();
      this.digest = await readChangeDigest(this.dataSource);
      this.targets.onLost();
    } else {
      for (const change of await this.feed.look()) this.note(change);
      if (performance.now() - this.comparedAt >= COMPARE_MS) await this.compare();
    }
    this.lookedAt = performance.now();
    this.targets.onChange();
  }

  private note(change: CommittedChange): void {
    const { pending } = this.targets;
    const { target, serverId } = change;
    if (target.type === 'operation') pending.operation(target.id);
    if (serverId !== null) pending.server(serverId);
    for (const one of staleResources(change)) pending.stale(one);
    if (change.isAudit) pending.stale({ resource: 'audit_events', reach: 'operators' });
  }

  private async compare(): Promise<void> {
    const { pending } = this.targets;
    const before = this.digest;
    const now = await readChangeDigest(this.dataSource);
    this.digest = now;
    this.comparedAt = performance.now();
    if (!before) return;
    for (const [id, digest] of now.operations)
      if (before.operations.get(id) !== digest) pending.operation(id);
    for (const id of before.operations.keys()) if (!now.operations.has(id)) pending.operation(id);
    for (const resource of ['hosts', 'drift'] as const)
      if (now[resource] !== before[resource]) pending.stale({ resource, reach: 'operators' });
  }
}
