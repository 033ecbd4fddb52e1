import type { LiveUsage } from '@berth/contracts';
import { lastUsage } from '@berth/database';
import { advanceCounters, containerIdOf, toCounters, totalBeancounters } from '@berth/domain';
import { LiveUsageServer } from '@berth/jobs';
import { RuntimeError } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLog, type Log } from '../core/log';
import { RedisConnections } from '../core/redis-connections';
import { InjectOptions, InjectWorkerId, type WorkerOptions } from '../core/worker-options';
import { hostRecordSql, type HostRecord } from '../hosts/host-record';
import { HostRuntimes } from '../hosts/host-runtimes';

/** Requests at a time in this process; they wait more than they work. */
const CONCURRENCY = 100;
/** On one host: operations need its connections too. */
const CONCURRENCY_A_HOST = 2;

interface Placed {
  host: HostRecord;
  number: number;
}

/** Counts what a server uses now, for the API, which has no way to a host. */
@Injectable()
export class LiveUsageService {
  private readonly server: LiveUsageServer;
  /** Askers of the same server share a count. */
  private readonly counting = new Map<string, Promise<LiveUsage>>();
  private readonly running = new Map<string, number>();

  constructor(
    @InjectOptions() { config }: WorkerOptions,
    @InjectWorkerId() workerId: string,
    @InjectLog() log: Log,
    redis: RedisConnections,
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
  ) {
    this.server = new LiveUsageServer({
      redis: redis.shared,
      reader: redis.open(),
      prefix: config.queuePrefix,
      workerId,
      concurrency: CONCURRENCY,
      count: (serverId) => this.count(serverId),
      onError: (error) => log.warn({ err: error }, 'live usage: trouble with the stream; trying again'),
    });
  }

  start(): void {
    this.server.start();
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  private count(serverId: string): Promise<LiveUsage> {
    let counting = this.counting.get(serverId);
    if (!counting) {
      counting = this.countNow(serverId).finally(() => this.counting.delete(serverId));
      this.counting.set(serverId, counting);
    }
    return counting;
  }

  private async countNow(serverId: string): Promise<LiveUsage> {
    const { host, number } = await this.find(serverId);
    // What earlier hosts counted belongs to it; read before, so that it is the older.
    const last = await lastUsage(this.dataSource.manager, number);
    const usage = await this.withRoom(host, () => this.runtimes.of(host).beancounters(containerIdOf(number)));
    const { boot, at } = usage;
    const reading = { hostId: host.id, boot, counters: toCounters(usage.beancounters) };
    return { at, beancounters: totalBeancounters(advanceCounters(last, reading).state) };
  }

  private async withRoom<T>(host: HostRecord, work: () => Promise<T>): Promise<T> {
    const others = this.running.get(host.id) ?? 0;
    if (others >= CONCURRENCY_A_HOST)
      throw new RuntimeError('busy', `${others} servers of this host are being counted already`, {
        host: host.name,
        action: 'count what is used',
      });
    this.running.set(host.id, others + 1);
    try {
      return await work();
    } finally {
      const left = this.running.get(host.id)! - 1;
      if (left > 0) this.running.set(host.id, left);
      else this.running.delete(host.id);
    }
  }

  /** Of a host that is known not to answer nothing is asked. */
  private async find(serverId: string): Promise<Placed> {
    const rows: { number: string; reachable: boolean; host: HostRecord }[] = await this.dataSource.query(
      `SELECT s.number, h.reachable, ${hostRecordSql('h')} AS host FROM servers s JOIN hosts h ON h.id = s.host_id
        WHERE s.id = $1 AND s.deleted_at IS NULL`,
      [serverId],
    );
    const where = { host: rows[0]?.host.name ?? '', action: 'count what is used' };
    if (!rows[0]) throw new RuntimeError('not_found', `there is no server ${serverId}`, where);
    if (!rows[0].reachable) throw new RuntimeError('unreachable', `${where.host} does not answer`, where);
    return { host: rows[0].host, number: Number(rows[0].number) };
  }
}
