import { IpPoolEntity, newId, type ServerEntity } from '@berth/database';
import { parsePool } from '@berth/domain';
import { randomInt } from 'node:crypto';
import { LabPlatform } from '../chaos/lab-platform';
import type { BerthClient, ServerView } from '../e2e/berth-client';
import { pings } from '../e2e/outside';
import type { ApiUnderTest } from './api-under-test';

jest.setTimeout(180_000);

let platform: LabPlatform;
let api: ApiUnderTest;
let customer: BerthClient;
let operator: BerthClient;
let server: ServerEntity;

beforeAll(async () => {
  platform = await LabPlatform.open();
  await platform.worker();
  await platform.enrol();
  api = await platform.api();
  customer = await api.client('customer', platform.world.tenant.id);
  operator = await api.client('operator');
  const ordered = await platform.order();
  await customer.done(ordered.operationId);
  server = ordered.server;
});
afterAll(async () => {
  if (server) await platform.ended(await platform.ask(server, 'delete_server'));
  await api?.close();
  await platform?.close();
});

const shown = () => operator.server(server.id) as Promise<ServerView & Record<string, unknown>>;
const inside = async (line: string) => (await platform.inside(server, 'sh', '-c', line)).stdout.trim();
const act = (verb: string, body: Record<string, unknown>) => customer.act(server.id, verb, body);
const initOf = () => inside('stat -c "%i %Z" /proc/1');

it('has an address more at once, and one less again, the primary too', async () => {
  const init = await initOf();
  const [first] = (await shown()).addresses;
  const { address } = (await act('add_address', { family: 4 })) as unknown as {
    address: { address: string };
  };
  expect((await shown()).addresses.map((one) => one.address)).toEqual([first!.address, address.address]);
  expect(await pings(address.address)).toBe(true);
  expect(await pings(first!.address)).toBe(true);
  await act('remove_address', { address: first!.address });
  expect((await shown()).addresses).toMatchObject([{ address: address.address, primary: true }]);
  expect(await pings(first!.address)).toBe(false);
  expect(await pings(address.address)).toBe(true);
  expect(await inside('ip -4 addr show dev eth0')).not.toContain(`${first!.address}/`);
  expect(await initOf()).toBe(init);
  await act('restart', { timeout_s: 5 });
  expect(await pings(address.address)).toBe(true);
});

it('has a routed /64 more at once, and its name; and one less again', async () => {
  const { manager } = platform.database.dataSource;
  const pool = parsePool(platform.lab.state().serverPool6);
  const { id: locationId } = platform.world.location;
  const row = { id: newId(), locationId, gateway: null, nextUnit: randomInt(1000, 60_000) };
  await manager.insert(IpPoolEntity, { ...row, ...pool });
  const answer = (await act('add_address', { family: 6 })) as unknown as { address: { address: string } };
  const { address } = answer.address;
  await act('set_rdns', { address, name: 'www.example.org' });
  expect((await shown()).addresses[1]).toEqual({
    address,
    family: 6,
    prefix: 64,
    rdns: 'www.example.org',
    primary: true,
  });
  expect(await pings(address)).toBe(true);
  // In another notation.
  await act('remove_address', { address: address.toUpperCase().replace('::', ':0::') });
  expect((await shown()).addresses.map(({ family }) => family)).toEqual([4]);
  expect(await pings(address)).toBe(false);
});

it('has a feature at once, which stays over a restart and a reinstall, and goes again', async () => {
  const node = () => inside('test -c /dev/net/tun && echo there || echo absent');
  expect(await node()).toBe('absent');
  await act('enable_feature', { feature: 'tun' });
  expect([await node(), (await shown()).features]).toEqual(['there', ['tun']]);
  await act('restart', { timeout_s: 5 });
  expect(await node()).toBe('there');
  await inside('touch /root/old');
  expect(await inside('ls /root/old')).toBe('/root/old');
  const { root_password: password } = await act('reinstall', { template: platform.world.template.name });
  expect(password).toMatch(/^[\w-]{24}$/);
  expect([await inside('ls /root/old || true'), await node()]).toEqual(['', 'there']);
  await act('disable_feature', { feature: 'tun' });
  expect([await node(), (await shown()).features]).toEqual(['absent', []]);
});

it('refuses what the host has not: a feature at the request, a device by its operation', async () => {
  const { capabilities } = await platform.host();
  const lacking = (['ppp', 'quota'] as const).find((one) => !capabilities.includes(`feature:${one}`));
  const path = `/v1/servers/${server.id}/actions`;
  const feature = await customer.call('POST', `${path}/enable_feature`, { feature: lacking });
  expect([feature.status, feature.body.error]).toMatchObject([
    422,
    { code: 'unsupported', details: { capability: `feature:${lacking}` } },
  ]);
  const { operation } = await operator.ask<{ operation: { id: string } }>('POST', `${path}/add_device`, {
    device: '/dev/no-such-node',
  });
  expect(await operator.ended(operation.id)).toMatchObject({
    status: 'failed',
    error: { code: 'device_missing' },
  });
  expect(await shown()).toMatchObject({ devices: [], features: [] });
});

it('has a disk of the host at once, and after a restart, until it is taken away', async () => {
  const onHost = async (script: string) =>
    (
      await platform.lab.exec(platform.labHost.name, ['bash', '-euc', script], { timeoutMs: 20_000 })
    ).stdout.trim();
  const device = await onHost(`
    for i in {0..15}; do [[ -e /dev/loop$i ]] || mknod /dev/loop$i b 7 $i; done
    truncate -s 1M /var/tmp/berth-device; printf 'disk of test' | dd of=/var/tmp/berth-device conv=notrunc 2>/dev/null
    losetup -f --show /var/tmp/berth-device`);
  const content = () => inside(`head -c 12 ${device} 2>/dev/null || echo absent`);
  try {
    expect(await content()).toBe('absent');
    await operator.act(server.id, 'add_device', { device, access: 'r' });
    expect(await shown()).toMatchObject({ devices: [{ device, access: 'r' }] });
    expect(await customer.server(server.id)).not.toHaveProperty('devices');
    expect(await content()).toBe('disk of test');
    await act('restart', { timeout_s: 5 });
    expect(await content()).toBe('disk of test');
    await operator.act(server.id, 'remove_device', { device });
    expect(await shown()).toMatchObject({ devices: [] });
    expect(await content()).toBe('absent');
  } finally {
    await onHost(`losetup -d ${device}; rm /var/tmp/berth-device`);
  }
});
