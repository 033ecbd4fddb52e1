import type { UsageSinkName } from '@berth/config';
import { UsageExportEntity } from '@berth/database';
import { eventually, type World } from '@berth/testing';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { openBench, type TestBench } from '../../../testing/test-worker';
import type { RunningWorker } from '../../../worker';
import { FakeSink } from './fake-sink';

export const TOKEN = 'sk_test_s3cret';
export const START = new Date('2026-03-31T23:00:00Z');

export const INSERT_RECORD = `
  INSERT INTO usage_records (id, tenant_id, server_id, meter, window_start, window_end, quantity, unit, incomplete)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false)`;

interface Given {
  id?: string;
  tenantId?: string;
  meter?: string;
  quantity?: string;
  unit?: string;
  start?: Date;
}

/** Usage records, workers that export them, and a sink that hears of them. The tenant is `cus_42`. */
export class ExportBench {
  private records = 0;

  private constructor(
    readonly bench: TestBench,
    readonly world: World,
    readonly sink: FakeSink,
  ) {}

  static async open(): Promise<ExportBench> {
    const bench = await openBench();
    const world = await bench.world({ tenant: { externalId: 'cus_42' } });
    return new ExportBench(bench, world, await FakeSink.open());
  }

  async close(): Promise<void> {
    await this.bench.close();
    await this.sink.close();
  }

  get db(): EntityManager {
    return this.bench.database.dataSource.manager;
  }

  progress(name: UsageSinkName): Promise<UsageExportEntity | null> {
    return this.db.findOneBy(UsageExportEntity, { sink: name });
  }

  worker(name: UsageSinkName, given: { since?: Date; healthPort?: number } = {}): Promise<RunningWorker> {
    return this.bench.worker({
      config: {
        healthPort: given.healthPort ?? null,
        usageExport: {
          sinks: [{ name, url: this.sink.url, token: TOKEN }],
          since: given.since ?? null,
          intervalMs: 100,
        },
      },
    });
  }

  /** Parameters of INSERT_RECORD. */
  valuesOf(given: Given = {}): unknown[] {
    const start = given.start ?? START;
    return [
      given.id ?? `record-${this.records++}`,
      given.tenantId ?? this.world.tenant.id,
      randomUUID(),
      given.meter ?? 'running_time',
      start,
      new Date(+start + 3_600_000),
      given.quantity ?? '3600000',
      given.unit ?? 'ms',
    ];
  }

  /** Gives its id. */
  async record(given: Given = {}): Promise<string> {
    const values = this.valuesOf(given);
    await this.db.query(INSERT_RECORD, values);
    return String(values[0]);
  }

  async several(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) ids.push(await this.record());
    return ids;
  }

  /** Waits until the sink has been told of everything. */
  caughtUp(name: UsageSinkName): Promise<true> {
    return eventually(`${name} to be told of all`, async () => {
      const [{ seq }]: [{ seq: string }] = await this.db.query('SELECT max(seq) AS seq FROM usage_records');
      return (await this.progress(name))?.seq === Number(seq);
    });
  }
}
