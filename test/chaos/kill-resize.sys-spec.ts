import type { Limits } from '@berth/contracts';
import { createOperation, inTransaction, reserveResize, ServerEntity } from '@berth/database';
import { containerIdOf, limitsChange, operationPlans } from '@berth/domain';
import { expectLimitsOnHost } from '../resources/host-limits';
import { LabPlatform } from './lab-platform';

jest.setTimeout(180_000);

const MIB = 1024 ** 2;

type Kind = 'resize_server' | 'reinstall_server';

const moments = (kind: Kind) =>
  operationPlans[kind].steps.flatMap(({ name }) => [`${kind}.${name}:before`, `${kind}.${name}:after`]);

let platform: LabPlatform;
let server: ServerEntity;

beforeAll(async () => {
  platform = await LabPlatform.open();
  const worker = await platform.worker();
  await platform.enrol();
  const ordered = await platform.order();
  expect(await platform.ended(ordered.operationId)).toMatchObject({ status: 'succeeded' });
  server = ordered.server;
  await worker.stop();
});
afterEach(async () => platform.killWorkers());
afterAll(async () => {
  const worker = await platform.worker();
  await platform.ended(await platform.ask(server, 'delete_server'));
  await worker.stop();
  await platform.close();
});

async function resize(wanted: Limits): Promise<string> {
  const { dataSource } = platform.database;
  return inTransaction(dataSource, async (em) => {
    const now = await em.findOneByOrFail(ServerEntity, { id: server.id });
    const change = limitsChange(now.limits, wanted);
    const { id: serverId, hostId, tenantId } = now;
    const { id } = await createOperation(em, {
      kind: 'resize_server',
      serverId,
      hostId,
      tenantId,
      requestedBy: 'test',
      requestId: 'test',
      input: { ...change, plan_id: null },
    });
    await reserveResize(em, now, change.limits);
    return id;
  });
}

/** Database, the container's configuration and its control groups; and what is accounted for. */
async function expectLimits(wanted: Limits): Promise<void> {
  const row = await platform.server(server.id);
  expect(row.limits).toMatchObject(wanted);
  expect(row.ramBytes).toBe(row.limits.ram_bytes);
  await expectLimitsOnHost(platform.lab, platform.labHost.name, containerIdOf(server.number), row.limits);
}

describe.each(moments('resize_server'))('kill -9 at %s', (fault) => {
  it('the next worker ends it, and all agree', async () => {
    const doomed = await platform.worker(fault);
    const wanted = { ram_bytes: (96 + fault.length) * MIB, num_proc: 100 + fault.length };
    const operation = await resize(wanted);
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const next = await platform.worker();
    expect(await platform.ended(operation)).toMatchObject({ status: 'succeeded', error: null });
    await expectLimits(wanted);
    await next.stop();
  });
});

describe('kill -9 while a resize is on its way', () => {
  it.each([1, 4, 9, 15, 22, 31, 44, 60])('after %d ms', async (delayMs) => {
    const first = await platform.worker();
    const wanted = { ram_bytes: (128 + delayMs) * MIB, num_proc: 200 + delayMs };
    const operation = await resize(wanted);
    await new Promise((done) => setTimeout(done, delayMs));
    await first.kill();
    const second = await platform.worker();
    expect(await platform.ended(operation)).toMatchObject({ status: 'succeeded', error: null });
    await expectLimits(wanted);
    await second.stop();
  });
});

describe.each(moments('reinstall_server'))('kill -9 at %s', (fault) => {
  it('the next worker ends it: a new root, and all that the server had', async () => {
    const before = await platform.server(server.id);
    const address = await platform.addressOf(server);
    await platform.inside(server, 'touch', '/root/old');
    const doomed = await platform.worker(fault);
    const input = { template_id: before.templateId, start: true, sealed_root_password: null };
    const operation = await platform.ask(server, 'reinstall_server', input);
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const next = await platform.worker();
    expect(await platform.ended(operation)).toMatchObject({ status: 'succeeded', error: null });
    expect((await platform.inside(server, 'ls', '/root/old')).code).not.toBe(0);
    expect((await platform.inside(server, 'hostname')).stdout).toBe(`${server.hostname}\n`);
    expect(await platform.addressOf(server)).toBe(address);
    expect((await platform.server(server.id)).status).toBe('running');
    await expectLimits(before.limits);
    await next.stop();
  });
});
