import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Console } from '../console';
import type { StackPaths } from '../paths';
import type { ApiClient } from '../platform/api-client';
import { operationDone } from '../platform/operations';
import { waitUntil } from '../services/wait-until';

const run = promisify(execFile);

export interface DemoServer {
  id: string;
  address: string;
  keyPath: string;
  /** Its lines of `uname` and the like, as ssh gave them; null on a simulated host, where nothing answers. */
  greeting: string | null;
}

interface Ordered {
  server: { id: string; addresses: { address: string; family: number }[] };
  operation: { id: string };
}

/** The first order takes the template to the host; later ones find it there. */
const ORDER_TIMEOUT_MS = 180_000;

/** Orders a Debian server as a customer does, waits until it runs, and shows it answering ping and ssh. */
export async function orderDemoServer(
  customer: ApiClient,
  paths: StackPaths,
  console: Console,
  real: boolean,
): Promise<DemoServer> {
  const keyPath = await demoKey(paths);
  const ordered = await console.step('ordering a Debian 12 server: POST /v1/servers', async () => {
    const answer = await customer.post<Ordered>('/v1/servers', {
      name: `demo-${Date.now().toString(36)}`,
      plan: await smallestPlan(customer),
      template: 'debian-12',
      ssh_keys: [readFileSync(`${keyPath}.pub`, 'utf8').trim()],
    });
    await operationDone(customer, answer.operation.id, ORDER_TIMEOUT_MS);
    return answer;
  });
  const { server } = await customer.get<{ server: Ordered['server'] }>(`/v1/servers/${ordered.server.id}`);
  const address =
    server.addresses.find(({ family }) => family === 4)?.address ?? server.addresses[0]?.address ?? '';
  if (!real) return { id: server.id, address, keyPath, greeting: null };
  await console.step(`ping ${address}`, () => pingAnswers(address));
  const greeting = await console.step(`ssh root@${address}`, () => sshAnswers(address, keyPath));
  return { id: server.id, address, keyPath, greeting };
}

/** Without host key checks and agents: each demo server is new, and its key is known from nowhere. */
export function sshArguments(address: string, keyPath: string): string[] {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'LogLevel=ERROR',
  ];
  return [...options.flatMap((option) => ['-o', option]), '-i', keyPath, `root@${address}`];
}

async function demoKey(paths: StackPaths): Promise<string> {
  mkdirSync(paths.keys, { recursive: true, mode: 0o700 });
  const keyPath = join(paths.keys, 'demo');
  if (!existsSync(keyPath)) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'berth-demo', '-f', keyPath]);
  }
  return keyPath;
}

async function smallestPlan(customer: ApiClient): Promise<string> {
  const { plans } = await customer.get<{ plans: { name: string }[] }>('/v1/plans');
  const plan = plans.find(({ name }) => name === 'nano') ?? plans[0];
  if (!plan) throw new Error('the catalogue has no plan');
  return plan.name;
}

function pingAnswers(address: string): Promise<true> {
  const ping = async () => {
    await run('ping', ['-n', '-c', '1', '-W', '1', address]);
    return true as const;
  };
  return waitUntil(`${address} answering ping`, ping, { timeoutMs: 20_000, intervalMs: 100 });
}

function sshAnswers(address: string, keyPath: string): Promise<string> {
  const login = async () => {
    const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5'];
    const remote = '. /etc/os-release; echo "$PRETTY_NAME, host name $(hostname)"';
    const { stdout } = await run('ssh', [...options, ...sshArguments(address, keyPath), remote], {
      timeout: 60_000,
    });
    return stdout.trim();
  };
  return waitUntil(`${address} answering ssh`, login, { timeoutMs: 60_000, intervalMs: 100 });
}
