import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The account Debian's package makes. Postgres refuses to run as root. */
export const POSTGRES_ACCOUNT = 'postgres';

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * An existing directory which `account` owns and can reach. A checkout below a home directory with mode 0700 is out of its
 * reach: then the data goes below /var/tmp, under a name derived from the wanted directory (the same at each start).
 */
export function ownedDirectory(wanted: string, account: string | null): string {
  const directory = resolve(wanted);
  mkdirSync(directory, { recursive: true });
  if (account === null) {
    chmodSync(directory, 0o700);
    return directory;
  }
  if (owns(directory, account)) return directory;
  rmSync(directory, { recursive: true, force: true });
  const elsewhere = fallbackDirectory(directory);
  mkdirSync(elsewhere, { recursive: true });
  if (!owns(elsewhere, account))
    throw new Error(`the account ${account} can use neither ${directory} nor ${elsewhere}`);
  return elsewhere;
}

/** Where `ownedDirectory` puts the data when the wanted place can't be reached. */
function fallbackDirectory(wanted: string): string {
  const hash = createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 12);
  return join('/var/tmp', `berth-${hash}`);
}

/** Removes the directory and its stand-in. Idempotent. */
export function removeOwnedDirectory(wanted: string): void {
  for (const directory of [wanted, fallbackDirectory(wanted)])
    rmSync(directory, { recursive: true, force: true });
}

function owns(directory: string, account: string): boolean {
  const { uid, gid } = accountIds(account);
  chownSync(directory, uid, gid);
  chmodSync(directory, 0o700);
  const probe = spawnSync('setpriv', [
    '--reuid',
    account,
    '--regid',
    account,
    '--init-groups',
    'test',
    '-w',
    directory,
  ]);
  return probe.status === 0;
}

function accountIds(account: string): { uid: number; gid: number } {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, account], { encoding: 'utf8' }));
  if (uid?.status !== 0 || gid?.status !== 0) {
    throw new Error(`there is no account ${account}: install the package postgresql`);
  }
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
