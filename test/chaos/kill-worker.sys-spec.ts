import type { ServerEntity } from '@berth/database';
import { operationPlans } from '@berth/domain';
import { eventually } from '@berth/testing';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { strayQuotaGroupsOf, tracesOf } from './host-traces';
import { LabPlatform } from './lab-platform';

jest.setTimeout(180_000);

const ping = promisify(execFile);
const moments = (kind: 'create_server' | 'delete_server') =>
  operationPlans[kind].steps.flatMap(({ name }) => [`${kind}.${name}:before`, `${kind}.${name}:after`]);

let platform: LabPlatform;
/** What is on the host when it has no server. */
let bare: string[];
/** Quota groups that earlier users of the host left to its next preparation. */
let strayBefore: string[];

beforeAll(async () => {
  platform = await LabPlatform.open();
  const worker = await platform.worker();
  await platform.enrol();
  // The first order brings the template.
  const { server, operationId } = await platform.order();
  await expectRunning(server, operationId);
  await platform.ended(await platform.ask(server, 'delete_server'));
  await worker.stop();
  bare = await traces();
  strayBefore = await strayGroups();
});
afterEach(async () => platform.killWorkers());
afterAll(async () => platform.close());

const traces = () => tracesOf(platform.lab, platform.labHost.name);
const strayGroups = () => strayQuotaGroupsOf(platform.lab, platform.labHost.name);

async function expectRunning(server: ServerEntity, operationId: string): Promise<void> {
  expect(await platform.ended(operationId)).toMatchObject({ status: 'succeeded', error: null });
  expect((await platform.server(server.id)).status).toBe('running');
  await ping('ping', ['-c', '1', '-W', '2', await platform.addressOf(server)]);
  expect(await platform.inside(server, 'hostname')).toMatchObject({
    code: 0,
    stdout: `${server.hostname}\n`,
  });
}

async function expectGone(server: ServerEntity, operationId: string): Promise<void> {
  expect(await platform.ended(operationId)).toMatchObject({ status: 'succeeded', error: null });
  expect((await platform.server(server.id)).status).toBe('deleted');
  expect(await platform.held()).toEqual({ addresses: 0, servers: 0, unfinished: 0 });
  // What other suites left for a while may go meanwhile.
  expect((await traces()).filter((trace) => !bare.includes(trace))).toEqual([]);
}

it('sees what a server is on its host: an empty list of traces proves nothing by itself', async () => {
  const worker = await platform.worker();
  const { server, operationId } = await platform.order();
  await expectRunning(server, operationId);
  const address = (await platform.addressOf(server)).replaceAll('.', '\\.');
  const added = (await traces()).filter((line) => !bare.includes(line)).join('\n');
  for (const kind of [
    'subvolume',
    'file',
    'mount',
    'link v-ct',
    `route4 ${address}`,
    'element "v-ct',
    'cgroup',
  ]) {
    expect(added).toMatch(new RegExp(`^${kind}`, 'm'));
  }
  await expectGone(server, await platform.ask(server, 'delete_server'));
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
});

describe.each(moments('create_server'))('kill -9 at %s', (fault) => {
  it('the next worker ends the order by itself, and nothing is left over after a delete', async () => {
    const doomed = await platform.worker(fault);
    const { server, operationId } = await platform.order();
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const next = await platform.worker();
    await expectRunning(server, operationId);
    await expectGone(server, await platform.ask(server, 'delete_server'));
    await next.stop();
  });
});

describe.each(moments('delete_server'))('kill -9 at %s', (fault) => {
  it('the next worker ends the delete by itself, and nothing is left over', async () => {
    const doomed = await platform.worker(fault);
    const { server, operationId } = await platform.order();
    await expectRunning(server, operationId);
    const deletion = await platform.ask(server, 'delete_server');
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const next = await platform.worker();
    await expectGone(server, deletion);
    await next.stop();
  });
});

describe('kill -9 inside of steps', () => {
  // Spread over the time that an order and a delete take here, the same in each run.
  it.each([3, 20, 41, 67, 88, 113, 139, 164, 198, 251])('after %d ms', async (delayMs) => {
    const first = await platform.worker();
    const { server, operationId } = await platform.order();
    await after(delayMs);
    await first.kill();
    const second = await platform.worker();
    await expectRunning(server, operationId);
    const deletion = await platform.ask(server, 'delete_server');
    await after(delayMs / 2);
    await second.kill();
    const third = await platform.worker();
    await expectGone(server, deletion);
    await third.stop();
  });
});

it('the file system accounts for nothing that is gone', async () => {
  const ours = async () => (await strayGroups()).filter((group) => !strayBefore.includes(group));
  await eventually('the kernel letting go of quota groups', async () => (await ours()).length === 0, {
    timeoutMs: 100_000,
    intervalMs: 500,
  });
});

const after = (ms: number) => new Promise((done) => setTimeout(done, ms));
