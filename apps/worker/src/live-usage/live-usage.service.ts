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
import { HostTurns } from './host-turns';

/** Requests at a time in this process; they wait more than they work. */
const CONCURRENCY = 500;
/** On one host: operations need its connections too. */
const AT_A_TIME = 2;
/** For its turn: the asker gives up after 3 s. */
const MAX_WAIT_MS = 2500;
const ACTION = 'count what is used';

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
  private readonly turns = new HostTurns(AT_A_TIME, MAX_WAIT_MS);

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
    const usage = await this.turns.run(host, ACTION, () =>
      this.runtimes.of(host).beancounters(containerIdOf(number)),
    );
    const { boot, at } = usage;
    const reading = { hostId: host.id, boot, counters: toCounters(usage.beancounters) };
    return { at, beancounters: totalBeancounters(advanceCounters(last, reading).state) };
  }

  /** Of a host that is known not to answer nothing is asked. */
  private async find(serverId: string): Promise<Placed> {
    const rows: { number: string; reachable: boolean; host: HostRecord }[] = await this.dataSource.query(
      `SELECT s.number, h.reachable, ${hostRecordSql('h')} AS host FROM servers s JOIN hosts h ON h.id = s.host_id
        WHERE s.id = $1 AND s.deleted_at IS NULL`,
      [serverId],
    );
    const where = { host: rows[0]?.host.name ?? '', action: ACTION };
    if (!rows[0]) throw new RuntimeError('not_found', `there is no server ${serverId}`, where);
    if (!rows[0].reachable) throw new RuntimeError('unreachable', `${where.host} does not answer`, where);
    return { host: rows[0].host, number: Number(rows[0].number) };
  }
}
