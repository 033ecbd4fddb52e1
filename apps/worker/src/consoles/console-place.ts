import type { ServerStatus } from '@berth/contracts';
import type { DataSource } from 'typeorm';
import { hostRecordSql, type HostRecord } from '../hosts/host-record';

/** Where a server is just now. */
export interface ConsolePlace {
  host: HostRecord;
  number: number;
  status: ServerStatus;
}

/** Null where there is no such server any more. */
export async function findPlace(dataSource: DataSource, serverId: string): Promise<ConsolePlace | null> {
  const rows: { number: string; status: ServerStatus; host: HostRecord }[] = await dataSource.query(
    `SELECT s.number, s.status, ${hostRecordSql('h')} AS host FROM servers s JOIN hosts h ON h.id = s.host_id
      WHERE s.id = $1 AND s.deleted_at IS NULL`,
    [serverId],
  );
  const row = rows[0];
  return row ? { ...row, number: Number(row.number) } : null;
}
