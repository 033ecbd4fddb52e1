import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '@berth/testing';
import type { ServerView } from './berth-client';

const run = promisify(execFile);

/** What a customer sees of a server from outside: ping and ssh. One of three may get lost on a busy machine. */
export async function pings(address: string): Promise<boolean> {
  return run('ping', ['-n', '-c', '3', '-i', '0.2', '-W', '1', address]).then(
    () => true,
    () => false,
  );
}

export const addressOf = (server: ServerView, family: 4 | 6 = 4): string => {
  const found = server.addresses.find((one) => one.family === family);
  if (!found) throw new Error(`server ${server.id} has no IPv${family} address`);
  return found.address;
};

/** A key pair in the directory; gives the paths and the public line. */
export async function makeKey(dir: string, name: string): Promise<{ path: string; publicKey: string }> {
  const path = `${dir}/${name}`;
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]);
  const { stdout } = await run('cat', [`${path}.pub`]);
  return { path, publicKey: stdout.trim() };
}

/** Runs a command over ssh as root; waits for sshd, which a Debian starts some seconds after its address answers. */
export async function ssh(
  address: string,
  keyPath: string,
  command: string,
  timeoutMs = 60_000,
): Promise<string> {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'ConnectTimeout=3',
    'LogLevel=ERROR',
  ];
  const args = [...options.flatMap((option) => ['-o', option]), '-i', keyPath, `root@${address}`, command];
  const attempt = async () => ({ output: (await run('ssh', args)).stdout });
  return (await eventually(`ssh to ${address}`, attempt, { timeoutMs, intervalMs: 100 })).output;
}
