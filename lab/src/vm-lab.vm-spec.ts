import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { Lab } from './lab';
import type { LabHost, LabState } from './lab-state';
import { run, type RunResult } from './run';
import { tracesOf } from './traces';
import { waitUntil } from './wait-until';

jest.setTimeout(600_000);

const MAIN = path.join(__dirname, '..', 'dist', 'main.js');
const POOL_BYTES = 4 * 1024 ** 3;

describe('a lab of a virtual machine', () => {
  const dir = path.join(mkdtempSync(path.join(tmpdir(), 'lab-test-')), 'lab');
  const lab = Lab.open(dir);
  let state: LabState;

  const host = (): LabHost => lab.state().hosts[0] as LabHost;

  /** The known_hosts file is kept over the tests: a changed host key fails the login. */
  const ssh = (command: string): Promise<RunResult> =>
    run([
      'ssh',
      ...['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${dir}.known_hosts`],
      ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', '-i', host().privateKeyPath],
      `root@${host().address}`,
      command,
    ]);
  const inHost = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await lab.exec('host-1', ['sh', '-ec', line]);
    expect([code, stderr]).toEqual([0, expect.anything()]);
    return stdout;
  };

  beforeAll(async () => {
    state = await lab.up({ backend: 'vm', hosts: 1, poolSizeBytes: POOL_BYTES });
  });

  afterAll(async () => {
    await lab.down();
    rmSync(path.dirname(dir), { recursive: true });
  });

  it('answers by ssh, with its own kernel and name and the host key that the lab tells', async () => {
    expect(state).toMatchObject({ backend: 'vm', hosts: [{ state: 'running', pid: expect.any(Number) }] });
    const { stdout } = await ssh('uname -r; hostname');
    expect(stdout).toMatch(/^6\.\d+\S*cloud-amd64\nhost-1\n$/);
    expect(stdout).not.toContain(release());
    const scan = await run([
      'sh',
      '-c',
      `ssh-keyscan -t ed25519 ${host().address} 2>/dev/null | ssh-keygen -lf -`,
    ]);
    expect(scan.stdout).toContain(host().hostKeyFingerprint);
    expect((await run(['ping', '-c', '1', '-W', '5', host().address6])).code).toBe(0);
  });

  it('has nothing but cgroup v2, with every controller, and what servers need', async () => {
    const controllers = (await inHost('cat /sys/fs/cgroup/cgroup.subtree_control')).trim().split(' ');
    expect(controllers).toEqual(expect.arrayContaining(['cpu', 'cpuset', 'io', 'memory', 'pids']));
    expect(await inHost('findmnt -n -o FSTYPE -R /sys/fs/cgroup')).toBe('cgroup2\n');
    const checks = {
      'lxc-start --version': /^6\./,
      'criu --version': /^Version: 4\.[2-9]/,
      'criu check': /Looks good/,
      'findmnt -n -o FSTYPE /var/lib/berth': /^btrfs$/m,
      'findmnt -n -o FSTYPE /var/lib/lxcfs': /^fuse.lxcfs$/m,
      'nft add table inet t && nft list tables && nft delete table inet t': /table inet t/,
    };
    for (const [command, expected] of Object.entries(checks)) {
      const { stdout, stderr } = await lab.exec('host-1', ['sh', '-c', command]);
      expect([command, stdout + stderr]).toEqual([command, expect.stringMatching(expected)]);
    }
  });

  it.each([
    ['ext4', 'mkfs.ext4 -q -O quota,project'],
    ['xfs', 'mkfs.xfs -q'],
  ])('can enforce project quotas for bytes and inodes on %s', async (type, mkfs) => {
    const place = `/mnt/${type}`;
    await inHost(`
      truncate -s 512M /var/lib/berth/${type}.img
      ${mkfs} /var/lib/berth/${type}.img
      mkdir -p ${place}; mount -o loop,prjquota /var/lib/berth/${type}.img ${place}
      mkdir -m 777 ${place}/d; chattr -p 7 +P ${place}/d
      setquota -P 7 0 10240 0 20 ${place}`);
    // As a container's root is: without the host's CAP_SYS_RESOURCE, which ext4 lets past.
    const fill = (line: string): Promise<RunResult> =>
      lab.exec('host-1', [
        'setpriv',
        '--reuid=100000',
        '--clear-groups',
        'sh',
        '-c',
        `cd ${place}/d; ${line}`,
      ]);
    const refused = /[Qq]uota exceeded|No space left/;
    expect((await fill('dd if=/dev/zero of=small bs=1M count=8')).code).toBe(0);
    expect((await fill('dd if=/dev/zero of=big bs=1M count=8')).stderr).toMatch(refused);
    expect((await fill('rm *; for i in $(seq 30); do : > $i; done')).stderr).toMatch(refused);
    await inHost(`umount ${place}; rm /var/lib/berth/${type}.img`);
  });

  it('runs programs with input and exit code, and ends them in time', async () => {
    expect(await lab.exec('host-1', ['sh', '-c', "cat; echo 'no' >&2; exit 3"], { input: 'in' })).toEqual({
      code: 3,
      stdout: 'in',
      stderr: 'no\n',
    });
    expect((await lab.exec('host-1', ['sleep', '4321'], { timeoutMs: 2_000 })).code).toBe(124);
    await waitUntil('the end of sleep', 20_000, async () => (await ssh('pgrep sleep')).code === 1);
  });

  it('is quick and changes nothing when it is up already; refuses to become a lab of another kind', async () => {
    const started = Date.now();
    expect(await lab.up({ hosts: 1 })).toEqual(state);
    expect(Date.now() - started).toBeLessThan(5_000);
    await expect(lab.up({ hosts: 1, backend: 'namespace' })).rejects.toThrow(/of the kind vm/);
  });

  it('cuts and mends the network', async () => {
    await lab.cut('host-1');
    expect(host().state).toBe('cut');
    expect((await run(['ping', '-c', '1', '-W', '1', host().address])).code).not.toBe(0);
    await lab.mend('host-1');
    expect(host().state).toBe('running');
    expect((await ssh('true')).code).toBe(0);
  });

  it('stands still while paused, and goes on', async () => {
    await lab.pause('host-1');
    expect(host().state).toBe('paused');
    expect((await run(['ping', '-c', '1', '-W', '1', host().address])).code).not.toBe(0);
    await lab.resume('host-1');
    expect(host().state).toBe('running');
    expect((await ssh('true')).code).toBe(0);
  });

  it('loses power: what was synced stays, what was not goes; disk, address and host key are the same', async () => {
    const before = host();
    await inHost('echo kept > /var/lib/berth/a; echo too > /etc/b; sync; echo lost > /var/lib/berth/c');
    await lab.crash('host-1');
    expect(host()).toMatchObject({ state: 'stopped', pid: null });
    await lab.crash('host-1');
    const started = Date.now();
    await lab.start('host-1');
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(host()).toEqual({ ...before, pid: expect.any(Number) });
    expect((await ssh('cat /var/lib/berth/a /etc/b; cat /var/lib/berth/c')).stdout).toBe('kept\ntoo\n');
  });

  it('reboots from inside', async () => {
    const bootId = await inHost('cat /proc/sys/kernel/random/boot_id');
    const { pid } = host();
    await ssh('reboot');
    await waitUntil('another boot', 120_000, async () => {
      const { code, stdout } = await ssh('cat /proc/sys/kernel/random/boot_id');
      return code === 0 && stdout !== bootId;
    });
    expect(host().pid).toBe(pid);
  });

  it('says why a host does not boot', async () => {
    await lab.crash('host-1');
    const hostDir = path.join(dir, 'hosts/host-1');
    const disk = path.join(hostDir, readdirSync(hostDir).find((name) => name.endsWith('.qcow2')) ?? '');
    copyFileSync(disk, `${disk}.sound`);
    writeFileSync(disk, 'rubbish');
    await expect(lab.start('host-1')).rejects.toThrow(/host-1 did not boot \(QEMU ended\)[^]*qcow2 format/);
    copyFileSync(`${disk}.sound`, disk);
    await lab.start('host-1');
  });

  it('leaves nothing; twice', async () => {
    const { pid } = host();
    expect((await tracesOf(lab)).some((trace) => trace.includes('QEMU'))).toBe(true);
    await lab.down();
    expect(await tracesOf(lab)).toEqual([]);
    expect((await run(['ps', '-p', `${pid}`, '-o', 'stat='])).stdout).not.toMatch(/^[RSDT]/);
    await lab.down();
  });

  it('leaves nothing where `lab up` was killed while the machine booted', async () => {
    const words = [MAIN, '--dir', dir, 'up', '--backend', 'vm', '--hosts', '1', '--pool-gib', '1'];
    const up = spawn(process.execPath, words, { stdio: 'ignore' });
    const ended = once(up, 'exit');
    await waitUntil('a QEMU', 60_000, async () =>
      (await tracesOf(lab)).some((trace) => trace.includes('QEMU')),
    );
    up.kill('SIGKILL');
    await ended;
    await lab.down();
    expect(await tracesOf(lab)).toEqual([]);
  });
});
