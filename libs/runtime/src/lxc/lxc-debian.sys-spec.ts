import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newPrivateKey } from '../testing/lab-hosts';
import { readHostKeyFingerprint } from '../ssh/host-key';
import { SshConnection } from '../ssh/ssh-connection';
import { useLxcKit } from './lxc-test-kit';

describe.each(['debian-12', 'debian-13'])('lxc: %s', (template) => {
  const kit = useLxcKit(template);
  let dir: string;
  let privateKey: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'berth-key-'));
    privateKey = newPrivateKey(join(dir, 'key'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('boots, answers ping, lets the ordered key in; reboots and powers off from inside', async () => {
    const publicKey = readFileSync(join(dir, 'key.pub'), 'utf8').trim();
    const limits = { ram_bytes: 512 * 1024 ** 2, num_proc: 500, disk_bytes: 1024 ** 3 };
    const { id, addresses, hostname } = await kit().started({ sshKeys: [publicKey], limits });
    const address = addresses[0]!.address;
    execFileSync('ping', ['-c', '1', '-W', '5', address]);

    await kit().until('sshd listens', () => listens(address), 30_000);
    const hostKeyFingerprint = await readHostKeyFingerprint({ address, port: 22 });
    const endpoint = { id, name: id, driver: 'lxc' as const, address, port: 22, user: 'root', privateKey };
    const ssh = new SshConnection({ ...endpoint, hostKeyFingerprint });
    expect((await ssh.exec(['hostname'], { timeoutMs: 10_000 })).stdout).toBe(`${hostname}\n`);
    await ssh.close();

    expect(await kit().inside(id, 'ls -ln /bin/su')).toMatch(/^-rwsr-xr-x 1 0 0 /);
    await kit().until(
      'systemd is up',
      async () =>
        /running|degraded/.test(
          (await kit().runtime.exec(id, ['systemctl', 'is-system-running'], { timeoutMs: 10_000 })).stdout,
        ),
      40_000,
    );
    expect(await kit().inside(id, 'systemctl --failed --plain --no-legend || true')).toBe('');

    const before = (await kit().runtime.inspect(id))?.pid;
    await kit().runtime.exec(id, ['reboot'], { timeoutMs: 5000 });
    await kit().until(
      'it came back',
      async () => {
        const pid = (await kit().runtime.inspect(id))?.pid;
        return typeof pid === 'number' && pid !== before && (await listens(address));
      },
      60_000,
    );

    expect(await kit().runtime.stop(id, { fence: 1, timeoutMs: 30_000 })).toBe('stopped');
    await kit().runtime.start(id, { fence: 1 });
    await kit().until('the bus answers', async () => {
      const { exitCode } = await kit().runtime.exec(id, ['systemctl', 'poweroff'], { timeoutMs: 10_000 });
      return exitCode === 0;
    });
    await kit().until(
      'it is off',
      async () => (await kit().runtime.inspect(id))?.state === 'stopped',
      40_000,
    );
  });
});

function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
