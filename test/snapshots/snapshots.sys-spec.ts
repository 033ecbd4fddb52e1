import { containerIdOf } from '@berth/domain';
import type { ServerEntity } from '@berth/database';
import { eventually } from '@berth/testing';
import { tracesOf } from '../chaos/host-traces';
import { LabPlatform } from '../chaos/lab-platform';
import type { BerthClient, OperationView, Ordered, ServerView } from '../e2e/berth-client';
import { addressOf, pings } from '../e2e/outside';
import type { ApiUnderTest } from '../resources/api-under-test';

jest.setTimeout(180_000);

const MIB = 1024 ** 2;

interface SnapshotView {
  id: string;
  status: string;
  size_bytes: number;
}

let platform: LabPlatform;
let api: ApiUnderTest;
let customer: BerthClient;
let server: ServerEntity;
/** What is on the host when it has no server. */
let bare: string[];

beforeAll(async () => {
  platform = await LabPlatform.open({ BERTH_SNAPSHOT_INTERVAL_MS: '500' });
  await platform.worker();
  await platform.enrol();
  api = await platform.api();
  customer = await api.client('customer', platform.world.tenant.id);
  // The first order brings the template.
  const first = await platform.order();
  await platform.ended(first.operationId);
  await remove(first.server.id);
  bare = await tracesOf(platform.lab, platform.labHost.name);
});
beforeEach(async () => {
  const ordered = await platform.order();
  await customer.done(ordered.operationId);
  server = await platform.server(ordered.server.id);
});
afterEach(async () => {
  const { servers } = await customer.ask<{ servers: ServerView[] }>('GET', '/v1/servers');
  for (const { id } of servers) await remove(id);
  // What other suites left for a while (a route to a server that moved away) may go meanwhile.
  const traces = await tracesOf(platform.lab, platform.labHost.name);
  expect(traces.filter((trace) => !bare.includes(trace))).toEqual([]);
});
afterAll(async () => {
  await api?.close();
  await platform?.close();
});

async function remove(id: string): Promise<void> {
  const { operation } = await customer.ask<{ operation: OperationView }>('DELETE', `/v1/servers/${id}`);
  await customer.done(operation.id);
}

const inside = async (line: string, of = server) =>
  (await platform.inside(of, 'sh', '-c', line)).stdout.trim();
const snapshotOf = async (id: string) =>
  (await customer.ask<{ snapshot: SnapshotView }>('GET', `/v1/snapshots/${id}`)).snapshot;

async function take(body: object = {}): Promise<string> {
  const path = `/v1/servers/${server.id}/snapshots`;
  const made = await customer.ask<{ snapshot: SnapshotView; operation: OperationView }>('POST', path, body);
  await customer.done(made.operation.id);
  return made.snapshot.id;
}

async function act(snapshot: string, verb: string, body: object = {}): Promise<Ordered> {
  const made = await customer.ask<Ordered>('POST', `/v1/snapshots/${snapshot}/actions/${verb}`, body);
  await customer.done(made.operation.id);
  return made;
}

/** A process that counts as long as it runs, and keeps nothing of the host's that would hinder a checkpoint. */
const COUNT = `setsid sh -c 'n=0; while :; do n=$((n+1)); echo $n >/root/count; sleep 0.05; done' </dev/null >/dev/null 2>&1 &`;
/** Between fork and exec its `sleep` looks like itself: one alone is seen as two at some moments, two never as one. */
const expectCounters = (count: number) =>
  eventually(`${count} counters`, async () => (await inside("ps | grep -c '[r]oot/count'")) === `${count}`);
/** Read from the host, since nothing can be run in a frozen server. */
const count = async () => {
  const file = `/var/lib/berth/containers/${containerIdOf(server.number)}/rootfs/root/count`;
  const { stdout } = await platform.lab.exec(platform.labHost.name, ['cat', file], { timeoutMs: 10_000 });
  return Number(stdout);
};
const countsOn = async (from: number) => {
  await eventually('the counter goes on', async () => (await count()) > from, { timeoutMs: 10_000 });
};

it('takes one of a running server, and rolls back to it: files as they were, settings as they are', async () => {
  await inside('echo first >/root/file; chmod 4755 /root/file; sync');
  const snapshot = await take({ name: 'first' });
  await inside('echo second >/root/file; touch /root/later');
  await customer.act(server.id, 'set_hostname', { hostname: 'renamed' });
  await act(snapshot, 'rollback');
  expect(await inside('cat /root/file; ls /root; stat -c "%a %u" /root/file; hostname')).toBe(
    'first\nfile\n4755 0\nrenamed',
  );
  expect((await customer.server(server.id)).status).toBe('running');
  expect(await pings(await platform.addressOf(server))).toBe(true);
  // Again, and of a stopped one.
  await inside('echo third >/root/file');
  await customer.act(server.id, 'stop', { timeout_s: 5 });
  await act(snapshot, 'rollback');
  expect((await customer.server(server.id)).status).toBe('stopped');
  await customer.act(server.id, 'start');
  expect(await inside('cat /root/file')).toBe('first');
});

it('shows what a snapshot holds once its server has other data, and gives the room back', async () => {
  await inside(`dd if=/dev/urandom of=/root/data bs=1M count=20 2>/dev/null; sync`);
  const snapshot = await take();
  expect((await snapshotOf(snapshot)).size_bytes).toBeLessThan(4 * MIB);
  await inside('rm /root/data; sync');
  const isCounted = async () => (await snapshotOf(snapshot)).size_bytes >= 20 * MIB;
  await eventually('20 MiB more', isCounted, { timeoutMs: 60_000 });
  const { quota } = await customer.ask<{ quota: { used: Record<string, number> } }>('GET', '/v1/quota');
  expect(quota.used).toMatchObject({ snapshots: 1 });
  expect(quota.used.snapshot_bytes).toBeGreaterThanOrEqual(20 * MIB);
  const { operation } = await customer.ask<Ordered>('DELETE', `/v1/snapshots/${snapshot}`);
  await customer.done(operation.id);
  const after = await customer.ask<{ quota: { used: Record<string, number> } }>('GET', '/v1/quota');
  expect(after.quota.used).toMatchObject({ snapshots: 0, snapshot_bytes: 0 });
});

it('makes another server of it, with an identity and an id range of its own, which outlives the first', async () => {
  await inside('echo mine >/root/file; cp /bin/busybox /root/suid; chmod 4755 /root/suid; sync');
  const snapshot = await take();
  await inside('echo later >/root/file');
  const made = await act(snapshot, 'clone', { name: 'copy' });
  const clone = await platform.server(made.server.id);
  expect(made.root_password).toMatch(/^[\w-]{24}$/);
  const view = await customer.server(clone.id);
  expect(view.status).toBe('running');
  expect(addressOf(view)).not.toBe(await platform.addressOf(server));
  expect(await pings(addressOf(view))).toBe(true);
  expect(await pings(await platform.addressOf(server))).toBe(true);
  expect(await inside('hostname; cat /root/file; stat -c "%a %u %g" /root/suid', clone)).toBe(
    'copy\nmine\n4755 0 0',
  );
  const maps = await Promise.all([server, clone].map((one) => inside('cat /proc/self/uid_map', one)));
  expect(maps[0]).not.toBe(maps[1]);
  const passwords = await Promise.all(
    [server, clone].map((one) => inside("sed -n 's/^root:\\([^:]*\\):.*/\\1/p' /etc/shadow", one)),
  );
  expect(passwords[0]).not.toBe(passwords[1]);
  await inside('echo its-own >/root/file', clone);
  expect(await inside('cat /root/file')).toBe('later');
  await remove(server.id);
  expect(await inside('cat /root/file', clone)).toBe('its-own');
  await customer.act(clone.id, 'restart', { timeout_s: 5 });
  expect(await inside('cat /root/file', clone)).toBe('its-own');
});

it('freezes in memory: nothing runs until it is unfrozen', async () => {
  await inside(COUNT);
  await countsOn(1);
  await customer.act(server.id, 'freeze');
  expect((await customer.server(server.id)).status).toBe('frozen');
  const frozen = await count();
  const exec = await customer.call('POST', `/v1/servers/${server.id}/exec`, { command: ['true'] });
  expect(exec.status).toBe(409);
  // Time enough for a counter that ran to be seen.
  await take();
  expect(await count()).toBe(frozen);
  await customer.act(server.id, 'unfreeze');
  await countsOn(frozen);
  expect((await customer.server(server.id)).status).toBe('running');
});

it('freezes to disk, over a power loss of the host, and goes on where it was', async () => {
  await inside(COUNT);
  await countsOn(1);
  await customer.act(server.id, 'checkpoint');
  expect(await customer.server(server.id)).toMatchObject({ status: 'frozen', checkpointed: true });
  const frozen = await count();
  const before = await platform.host();
  await platform.lab.crash(platform.labHost.name);
  await platform.lab.start(platform.labHost.name);
  await eventually('the host seen again', async () => {
    const { reachable, bootId } = await platform.host();
    return reachable && bootId !== before.bootId;
  });
  const again = await customer.call<{ operation: OperationView }>(
    'POST',
    `/v1/servers/${server.id}/actions/restore`,
    {},
  );
  expect(again.status).toBe(202);
  await customer.done(again.body.operation.id);
  expect(await customer.server(server.id)).toMatchObject({ status: 'running', checkpointed: false });
  await countsOn(frozen);
  await expectCounters(1);
  expect(await pings(await platform.addressOf(server))).toBe(true);
});

it('rolls back to running processes, with memory', async () => {
  await inside(COUNT);
  await countsOn(1);
  const snapshot = await take({ memory: true });
  const then = await count();
  await countsOn(then);
  await customer.act(server.id, 'kill');
  await act(snapshot, 'rollback');
  expect((await customer.server(server.id)).status).toBe('running');
  await countsOn(then);
  await expectCounters(1);
  expect(await pings(await platform.addressOf(server))).toBe(true);
  // The files alone.
  await act(snapshot, 'rollback', { memory: false });
  expect((await customer.server(server.id)).status).toBe('running');
  await expectCounters(0);
});
