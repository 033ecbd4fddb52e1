import { inTransaction, writeUsageSamples } from '@berth/database';
import { RuntimeError, type ContainerUsage } from '@berth/runtime';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InjectOptions, type WorkerOptions } from '../../core/worker-options';
import type { HostRecord } from '../../hosts/host-record';
import { HostRuntimes } from '../../hosts/host-runtimes';
import { readingOf } from '../../hosts/usage-reading';
import { UsageClaims, type UsageClaim } from './usage-claims';

/** A host that takes longer counts as one that doesn't answer, ms. */
const DEADLINE_MS = 15_000;

/** One sample of one host: asked in one round trip, written in one transaction with the end of the claim. */
@Injectable()
export class HostSampling {
  constructor(
    @InjectOptions() private readonly options: WorkerOptions,
    private readonly dataSource: DataSource,
    private readonly runtimes: HostRuntimes,
    private readonly claims: UsageClaims,
  ) {}

  /**
   * Gives the number of servers sampled; null where the claim was lost meanwhile, and nothing was written. Throws what the
   * host throws.
   */
  async sample(claim: UsageClaim): Promise<number | null> {
    const usage = await this.askInTime(claim.host);
    const readings = usage.map(readingOf).filter((reading) => reading !== null);
    return inTransaction(this.dataSource, async (em) => {
      if (!(await this.claims.end(em, claim, this.options.config.usageIntervalMs, null))) return null;
      return writeUsageSamples(em, claim.host.id, readings);
    });
  }

  private async askInTime(host: HostRecord): Promise<ContainerUsage[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const message = `${host.name}: has not told its servers' usage within ${DEADLINE_MS / 1000} s`;
      const error = new RuntimeError('timeout', message, { host: host.name, action: 'count what is used' });
      timer = setTimeout(() => reject(error), DEADLINE_MS);
    });
    return Promise.race([this.runtimes.of(host).usage(), late]).finally(() => clearTimeout(timer));
  }
}
