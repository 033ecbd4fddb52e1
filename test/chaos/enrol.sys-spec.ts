import { HostEntity, seal } from '@berth/database';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab, type LabHost } from '@berth/lab';
import { hostFields, LabPlatform } from './lab-platform';

jest.setTimeout(180_000);

let platform: LabPlatform;

beforeAll(async () => {
  platform = await LabPlatform.open();
  await platform.worker();
});
afterAll(async () => platform.close());

async function onHost(script: string): Promise<void> {
  const { code, stderr } = await platform.lab.exec(platform.labHost.name, ['sh', '-ec', script]);
  if (code !== 0) throw new Error(`${script}: ${stderr}`);
}
const change = (fields: Partial<Omit<HostEntity, 'facts'>>) =>
  platform.database.dataSource.manager.update(HostEntity, { id: platform.world.host.id }, fields);

const rowOf = (host: LabHost) => hostFields(host, platform.publicKey);

async function expectRefused(code: string, message: RegExp): Promise<void> {
  const started = Date.now();
  const ended = await platform.tryEnrol();
  expect(ended).toMatchObject({
    status: 'failed',
    error: { code, message: expect.stringMatching(message) as string },
  });
  expect(Date.now() - started).toBeLessThan(20_000);
  expect(await platform.host()).toMatchObject({
    state: 'error',
    reachable: false,
    lastError: ended.error!.message,
  });
}

it('learns the key of a host where none was given, pins it, and opens the host for orders', async () => {
  await change({ hostKeyFingerprint: null, capacityCpus: 0, architecture: null, capabilities: [] });
  expect(await platform.tryEnrol()).toMatchObject({ status: 'succeeded', error: null });
  const host = await platform.host();
  expect(host).toMatchObject({
    state: 'active',
    reachable: true,
    hostKeyFingerprint: platform.labHost.hostKeyFingerprint,
    architecture: 'amd64',
  });
  expect(host.capacityCpus).toBeGreaterThan(0);
  expect(host.capacityRamBytes).toBeGreaterThan(0);
  expect(host.capacityDiskBytes).toBeGreaterThan(0);
  expect(host.capabilities).toContain('limit:ram_bytes');
});

it('refuses a host with another key than the pinned one', async () => {
  await change({ hostKeyFingerprint: `SHA256:${'A'.repeat(43)}` });
  await expectRefused('host_key_mismatch', /key/);
  await change({ hostKeyFingerprint: platform.labHost.hostKeyFingerprint });
});

it('refuses a key that does not open the host', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'berth-key-'));
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
  const right = readFileSync(platform.labHost.privateKeyPath, 'utf8');
  await change({ privateKeySealed: await seal(platform.publicKey, readFileSync(join(dir, 'key'), 'utf8')) });
  rmSync(dir, { recursive: true });
  await expectRefused('auth_failed', /./);
  await change({ privateKeySealed: await seal(platform.publicKey, right) });
});

it('refuses a host that cannot be reached', async () => {
  await platform.lab.cut(platform.labHost.name);
  await expectRefused('unreachable', new RegExp(platform.labHost.name));
  await platform.lab.mend(platform.labHost.name);
});

it('refuses a host without LXC', async () => {
  await onHost('mv /usr/bin/lxc-start /usr/bin/lxc-start.away');
  await expectRefused('host_unsuitable', /lxc/i);
  await onHost('mv /usr/bin/lxc-start.away /usr/bin/lxc-start');
});

it('refuses a host without room', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'berth-small-'));
  const small = Lab.open(dir);
  try {
    const { hosts } = await small.up({ hosts: 1, poolSizeBytes: 200 * 1024 ** 2 });
    await change(await rowOf(hosts[0]!));
    await expectRefused('no_space', /MiB free/);
  } finally {
    await small.down();
    rmSync(dir, { recursive: true, force: true });
  }
  await change(await rowOf(platform.labHost));
});

it('opens it when what was wrong is put right', async () => {
  expect(await platform.tryEnrol()).toMatchObject({ status: 'succeeded', error: null });
  expect(await platform.host()).toMatchObject({ state: 'active', reachable: true, lastError: null });
});
