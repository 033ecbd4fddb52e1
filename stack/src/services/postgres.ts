import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';

import { exited, spawnService, stopProcess } from './child-process';
import { isRoot, ownedDirectory, POSTGRES_ACCOUNT } from './data-directory';
import { freePort } from './free-port';
import { ServiceError } from './service-error';
import { GaveUp, waitUntil } from './wait-until';

const ROLE = 'berth';
const DATABASE = 'berth';

export interface PostgresOptions {
  /** Holds the cluster; made if missing, used again if it is there. */
  dir: string;
  /** Appended to. Default: `<dir>.log`. */
  logFile?: string;
  /** Gives up durability for speed (tests): no fsync, so a crash of the machine may lose everything. */
  fast?: boolean;
}

export interface RunningPostgres {
  /** postgres://… of a superuser, to the database `berth`. */
  url: string;
  port: number;
  pid: number;
  /** Fast shutdown; the data stays. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a private Postgres on a free port of 127.0.0.1 (no Unix socket). The server dies with this process.
 * @throws {ServiceError} when Postgres isn't installed or doesn't come up; names the log.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const account = isRoot() ? POSTGRES_ACCOUNT : null;
  const dir = ownedDirectory(options.dir, account);
  const logFile = options.logFile ?? `${options.dir}.log`;
  mkdirSync(dirname(logFile), { recursive: true });
  const password = ensureCluster(dir, account);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return await launch({ dir, port, password, account, logFile, fast: options.fast ?? false });
    } catch (error) {
      // Somebody may have taken the port between asking and binding.
      if (attempt === 3) throw error;
    }
  }
}

interface Launch {
  dir: string;
  port: number;
  password: string;
  account: string | null;
  logFile: string;
  fast: boolean;
}

async function launch({ dir, port, password, account, logFile, fast }: Launch): Promise<RunningPostgres> {
  const child = spawnService({
    command: join(postgresBinaries(), 'postgres'),
    args: ['-D', join(dir, 'data'), ...settings(port, fast)],
    logFile,
    cwd: dir,
    user: account ?? undefined,
    deathSignal: 'INT',
  });
  const stop = () => stopProcess(child, ['SIGINT', 'SIGQUIT'], 20_000);
  const urlOf = (database: string) => `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
  try {
    let gone = false;
    void exited(child).then(() => (gone = true));
    await waitUntil(
      'Postgres accepting connections',
      () => {
        if (gone) throw new GaveUp(`Postgres ended while starting`);
        return ensureDatabase(urlOf('postgres'));
      },
      { timeoutMs: 60_000 },
    );
  } catch (error) {
    await stop();
    throw new ServiceError(error instanceof Error ? error.message : String(error), `Its log is ${logFile}`);
  }
  return { url: urlOf(DATABASE), port, pid: child.pid ?? -1, stop };
}

function settings(port: number, fast: boolean): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 300,
    log_min_messages: 'warning',
    timezone: 'UTC',
    ...(fast ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function ensureDatabase(url: string): Promise<true> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes the cluster unless it exists; gives the superuser's password either way. */
function ensureCluster(dir: string, account: string | null): string {
  const passwordFile = join(dir, 'password');
  if (existsSync(join(dir, 'data', 'PG_VERSION'))) return readFileSync(passwordFile, 'utf8').trim();
  const password = randomBytes(24).toString('hex');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account) {
    const { uid, gid } = statSync(dir);
    chownSync(passwordFile, uid, gid);
  }
  const initdb = [
    join(postgresBinaries(), 'initdb'),
    ...[
      '--pgdata',
      join(dir, 'data'),
      '--username',
      ROLE,
      '--pwfile',
      passwordFile,
      '--auth',
      'scram-sha-256',
    ],
    ...['--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
  ];
  const asAccount = account ? ['setpriv', '--reuid', account, '--regid', account, '--init-groups', '--'] : [];
  const [command = '', ...args] = [...asAccount, ...initdb];
  const result = spawnSync(command, args, { cwd: dir, encoding: 'utf8' });
  if (result.status !== 0) {
    throw new ServiceError(
      `initdb failed in ${dir}: ${(result.stderr || String(result.error)).trim()}`,
      'Remove that directory and start again',
    );
  }
  return password;
}

/** The directory of the newest installed server: Debian keeps it off the PATH. */
function postgresBinaries(): string {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base)
    ? readdirSync(base).filter((name) => existsSync(join(base, name, 'bin/initdb')))
    : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest) return join(base, newest, 'bin');
  const onPath = (process.env.PATH ?? '').split(':').find((place) => existsSync(join(place, 'initdb')));
  if (onPath) return onPath;
  throw new ServiceError(
    'Postgres is not installed',
    'Install the package postgresql, or set BERTH_POSTGRES_URL to a server of your own',
  );
}
