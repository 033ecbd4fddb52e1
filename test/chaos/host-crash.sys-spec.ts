import type { ServerEntity } from '@berth/database';
import { eventually } from '@berth/testing';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LabPlatform } from './lab-platform';

jest.setTimeout(180_000);

let platform: LabPlatform;

beforeAll(async () => {
  platform = await LabPlatform.open();
  await platform.worker();
  await platform.enrol();
});
afterAll(async () => platform.close());

const run = promisify(execFile);

async function order(given: Partial<ServerEntity> = {}): Promise<ServerEntity> {
  const { server, operationId } = await platform.order(given);
  expect(await platform.ended(operationId)).toMatchObject({ status: 'succeeded', error: null });
  return server;
}

async function answers(server: ServerEntity): Promise<boolean> {
  const address = await platform.addressOf(server);
  return run('ping', ['-c', '1', '-W', '1', address]).then(
    () => true,
    () => false,
  );
}

const becomes = (server: ServerEntity, status: string, desiredState: string) =>
  eventually(
    `${server.name} ${status}`,
    async () => {
      const now = await platform.server(server.id);
      return now.status === status && now.desiredState === desiredState;
    },
    { timeoutMs: 20_000 },
  );

it('reboot typed inside reboots, poweroff powers off, and the status follows', async () => {
  const server = await order();
  const bootOf = async () => (await platform.inside(server, 'cat', '/proc/1/stat')).stdout.split(' ')[21];
  const before = await bootOf();
  await platform.inside(server, 'reboot');
  await eventually('another init', async () => {
    const now = await bootOf();
    return now !== undefined && now !== '' && now !== before;
  });
  await eventually('it answers again', () => answers(server));
  await platform.inside(server, 'poweroff');
  await becomes(server, 'stopped', 'stopped');
  expect(await answers(server)).toBe(false);
  expect(await platform.ended(await platform.ask(server, 'start_server'))).toMatchObject({
    status: 'succeeded',
  });
  expect(await answers(server)).toBe(true);
  await platform.ended(await platform.ask(server, 'delete_server'));
});

it('after a crash of the host and its return its servers run again, by themselves', async () => {
  const servers = [await order(), await order()];
  const off = await order();
  await platform.inside(off, 'poweroff');
  await becomes(off, 'stopped', 'stopped');
  const { name } = platform.labHost;
  await platform.lab.crash(name);
  await eventually('unreachable', async () => !(await platform.host()).reachable, { timeoutMs: 60_000 });
  expect((await platform.host()).lastError).toMatch(name);
  await platform.lab.start(name);
  const returned = Date.now();
  for (const server of servers) {
    await eventually('it answers again', () => answers(server), { timeoutMs: 30_000 });
    await becomes(server, 'running', 'running');
  }
  expect(Date.now() - returned).toBeLessThan(30_000);
  await eventually('reachable', async () => (await platform.host()).reachable);
  expect((await platform.server(off.id)).status).toBe('stopped');
  for (const server of [...servers, off]) await platform.ended(await platform.ask(server, 'delete_server'));
});

it('a host that is cut off is not taken for dead: its servers go on, and orders wait for it', async () => {
  const server = await order();
  const { name } = platform.labHost;
  await platform.lab.cut(name);
  await eventually('unreachable', async () => !(await platform.host()).reachable, { timeoutMs: 60_000 });
  const { server: late, operationId } = await platform.order();
  await platform.lab.mend(name);
  expect(await platform.ended(operationId, 90_000)).toMatchObject({ status: 'succeeded', error: null });
  await eventually('reachable', async () => (await platform.host()).reachable, { timeoutMs: 30_000 });
  expect((await platform.server(server.id)).status).toBe('running');
  for (const one of [server, late]) await platform.ended(await platform.ask(one, 'delete_server'));
});
