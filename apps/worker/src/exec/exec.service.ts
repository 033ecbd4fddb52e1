import type { ExecRequest } from '@berth/contracts';
import { containerIdOf } from '@berth/domain';
import { ExecServer, type ExecOutput } from '@berth/jobs';
import { RuntimeError } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectLog, type Log } from '../core/log';
import { RedisConnections } from '../core/redis-connections';
import { InjectOptions, InjectWorkerId, type WorkerOptions } from '../core/worker-options';
import { hostRecordSql, type HostRecord } from '../hosts/host-record';
import { HostRuntimes } from '../hosts/host-runtimes';
import { OutputLimit } from './output-limit';

/** Of each stream, bytes. */
const MAX_OUTPUT = 1024 ** 2;
/** Commands at a time in this process; they wait more than they work. */
const CONCURRENCY = 200;
/** On one host: as many as its connections for exec carry. */
const CONCURRENCY_A_HOST = 12;

/** Runs commands in servers for the API, which has no way to a host. */
@Injectable()
export class ExecService {
  private readonly server: ExecServer;
  private readonly running = new Map<string, number>();

  constructor(
    @InjectOptions() { config }: WorkerOptions,
    @InjectWorkerId() workerId: string,
    @InjectLog() log: Log,
    redis: RedisConnections,
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
  ) {
    this.server = new ExecServer({
      redis: redis.shared,
      reader: redis.open(),
      prefix: config.queuePrefix,
      workerId,
      concurrency: CONCURRENCY,
      handler: (request, output, signal) => this.handle(request, output, signal),
      onError: (error) => log.warn({ err: error }, 'exec: trouble with the stream; trying again'),
    });
  }

  start(): void {
    this.server.start();
  }

  /** Waits for running commands. */
  async stop(): Promise<void> {
    await this.server.stop();
  }

  abortRunning(): void {
    this.server.abortRunning();
  }

  private async handle(
    { serverId, command, timeoutMs }: ExecRequest,
    output: ExecOutput,
    signal: AbortSignal,
  ): Promise<{ exitCode: number; truncated: boolean }> {
    const { host, number } = await this.find(serverId);
    const stdout = new OutputLimit(MAX_OUTPUT, (chunk) => output.stdout(chunk));
    const stderr = new OutputLimit(MAX_OUTPUT, (chunk) => output.stderr(chunk));
    const runtime = this.runtimes.of(host, 'exec');
    const { exitCode, truncated } = await this.counted(host, () =>
      runtime.exec(containerIdOf(number), command, {
        timeoutMs,
        signal,
        onStdout: stdout.write,
        onStderr: stderr.write,
        maxOutputBytes: MAX_OUTPUT,
      }),
    );
    return { exitCode, truncated: truncated || stdout.truncated || stderr.truncated };
  }

  private async counted<T>(host: HostRecord, work: () => Promise<T>): Promise<T> {
    const others = this.running.get(host.id) ?? 0;
    if (others >= CONCURRENCY_A_HOST) {
      const message = `${others} commands run on this server's host already: try again when some have ended`;
      throw new RuntimeError('busy', message, { host: host.name, action: 'exec' });
    }
    this.running.set(host.id, others + 1);
    try {
      return await work();
    } finally {
      const left = this.running.get(host.id)! - 1;
      if (left > 0) this.running.set(host.id, left);
      else this.running.delete(host.id);
    }
  }

  private async find(serverId: string): Promise<{ host: HostRecord; number: number }> {
    const rows: { number: string; host: HostRecord }[] = await this.dataSource.query(
      `SELECT s.number, ${hostRecordSql('h')} AS host FROM servers s JOIN hosts h ON h.id = s.host_id
        WHERE s.id = $1 AND s.deleted_at IS NULL`,
      [serverId],
    );
    const row = rows[0];
    if (!row)
      throw new RuntimeError('not_found', `there is no server ${serverId}`, { host: '', action: 'exec' });
    return { host: row.host, number: Number(row.number) };
  }
}
