import { once } from 'node:events';
import type { UsageCsvQuery } from '@berth/contracts';
import { readUsageRecords, usageRecordSpan, type UsageFilter, type UsageRecordRow } from '@berth/database';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import type { RequestContext } from '../http/request-context';
import { csvLine } from './csv';
import { usageFilter } from './usage-range';

const COLUMNS = [
  'id',
  'seq',
  'tenant_id',
  'server_id',
  'meter',
  'window_start',
  'window_end',
  'plan_id',
  'quantity',
  'unit',
  'incomplete',
  'corrects',
  'created_at',
] as const satisfies readonly (keyof UsageRecordRow)[];
const PAGE = 2000;

/** Sends records page by page, as fast as the client takes them: neither all of them nor a connection is held meanwhile. */
@Injectable()
export class UsageCsvService {
  private readonly logger = new Logger(UsageCsvService.name);

  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async stream({ caller }: RequestContext, query: UsageCsvQuery, response: Response): Promise<void> {
    const filter = await usageFilter(this.dataSource.manager, caller, query);
    response.writeHead(200, {
      'Content-Type': 'text/csv; charset=utf-8; header=present',
      'Content-Disposition': 'attachment; filename="usage.csv"',
      'Cache-Control': 'no-store',
    });
    try {
      await this.send(filter, response);
      response.end();
    } catch (error) {
      // The status is sent: a connection that breaks off is all that can tell the client.
      if (!response.destroyed) this.logger.error(error);
      response.destroy();
    }
  }

  private async send(filter: UsageFilter, response: Response): Promise<void> {
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    response.write(csvLine(COLUMNS));
    const em = this.dataSource.manager;
    const span = await usageRecordSpan(em, filter);
    for (let first = span?.first; span && first !== undefined && !response.destroyed;) {
      const rows = await readUsageRecords(em, filter, { first, last: span.last, limit: PAGE });
      const text = rows.map((row) => csvLine(COLUMNS.map((column) => row[column]))).join('');
      if (!response.write(text)) await once(response, 'drain', { signal: closed.signal });
      first = rows.length < PAGE ? undefined : String(BigInt(rows.at(-1)!.seq) + 1n);
    }
  }
}
