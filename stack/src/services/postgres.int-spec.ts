import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

import { removeOwnedDirectory } from './data-directory';
import { startPostgres } from './postgres';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'berth-postgres-'));
  });

  afterEach(() => {
    removeOwnedDirectory(join(home, 'postgres'));
    rmSync(home, { recursive: true, force: true });
  });

  // mkdtemp makes 0700 directories of ours: the account `postgres` can't enter them, as in root's home.
  it('serves from a place that the account postgres cannot reach, and keeps the data over a restart', async () => {
    const dir = join(home, 'postgres');
    const first = await startPostgres({ dir, fast: true });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const second = await startPostgres({ dir, fast: true });
    try {
      expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    } finally {
      await second.stop();
    }
  });

  it('listens on loopback only, with a password, and keeps fsync on unless asked', async () => {
    const dir = join(home, 'postgres');
    const postgres = await startPostgres({ dir });
    try {
      const [row] = await query(
        postgres.url,
        `SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS host,
                current_setting('unix_socket_directories') AS sockets`,
      );
      expect(row).toEqual({ fsync: 'on', host: '127.0.0.1', sockets: '' });
      const wrong = postgres.url.replace(/:[^:@/]+@/, ':wrong@');
      await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
      expect(statSync(`${dir}.log`).mode & 0o077).toBe(0);
    } finally {
      await postgres.stop();
    }
    await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  });
});
