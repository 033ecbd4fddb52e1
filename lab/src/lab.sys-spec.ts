import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readHierarchies } from './cgroups';
import { Lab } from './lab';
import type { LabHost, LabState } from './lab-state';
import { run, type RunResult } from './run';
import { tracesOf } from './traces';
import { waitUntil } from './wait-until';

jest.setTimeout(300_000);

const MAIN = path.join(__dirname, '..', 'dist', 'main.js');

describe('a lab of two hosts', () => {
  const dir = path.join(mkdtempSync(path.join(tmpdir(), 'lab-test-')), 'lab');
  const lab = Lab.open(dir);
  let state: LabState;

  const host = (index: number): LabHost => {
    const found = lab.state().hosts[index];
    if (!found) throw new Error(`no host ${index}`);
    return found;
  };

  /** The known_hosts file is kept over the tests: a changed host key fails the login. */
  const ssh = (target: LabHost, command: string): Promise<RunResult> =>
    run([
      'ssh',
      ...['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${dir}.known_hosts`],
      ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3', '-i', target.privateKeyPath],
      `root@${target.address}`,
      command,
    ]);

  beforeAll(async () => {
    state = await lab.up({ hosts: 2, poolSizeBytes: 4 * 1024 ** 3 });
  });

  afterAll(async () => {
    await lab.down();
    rmSync(path.dirname(dir), { recursive: true });
  });

  it('answers by ssh on every host, each with a key and name of its own', async () => {
    const names = await Promise.all(state.hosts.map((target) => ssh(target, 'hostname')));
    expect(names.map(({ stdout }) => stdout.trim())).toEqual(['host-1', 'host-2']);
    expect(new Set(state.hosts.map((target) => target.hostKeyFingerprint)).size).toBe(2);
    const scan = await run([
      'sh',
      '-c',
      `ssh-keyscan -t ed25519 ${host(0).address} 2>/dev/null | ssh-keygen -lf -`,
    ]);
    expect(scan.stdout).toContain(host(0).hostKeyFingerprint);
  });

  it('gives a host what servers need: LXC 6, CRIU 4.2, lxcfs, a btrfs pool with quota, nft, forwarding', async () => {
    const checks = {
      'lxc-start --version': /^6\./,
      'criu --version': /^Version: 4\.[2-9]/,
      'criu check': /Looks good/,
      'findmnt -n -o FSTYPE /var/lib/berth': /^btrfs$/m,
      'btrfs qgroup show /var/lib/berth': /0\/5/,
      'findmnt -n -o FSTYPE /var/lib/lxcfs': /^fuse.lxcfs$/m,
      'nft add table inet t && nft list tables && nft delete table inet t': /table inet t/,
      'sysctl -w net.ipv4.ip_forward=1': /= 1/,
      'grep -c . /proc/self/cgroup && grep -v ":/$" /proc/self/cgroup || echo at-root': /at-root/,
    };
    for (const [command, expected] of Object.entries(checks)) {
      const { stdout, stderr } = await ssh(host(0), command);
      expect([command, stdout + stderr]).toEqual([command, expect.stringMatching(expected)]);
    }
  });

  it('shows a host nothing of the machine', async () => {
    const { stdout } = await ssh(
      host(0),
      'ls /sys/class/net; ps -e -o comm=; ls /sys/fs/cgroup/*/ -d; cat /proc/mounts',
    );
    expect(stdout).not.toMatch(/^bl[0-9a-f]{8}/m);
    expect(stdout.split('\n')).not.toContain('node');
    expect(stdout).not.toContain('/dev/vda');
  });

  it('reaps orphans and restarts sshd', async () => {
    const before = (await ssh(host(0), 'pgrep -o sshd')).stdout.trim();
    await ssh(host(0), '(setsid true &); kill -9 $(pgrep -o sshd)');
    await waitUntil('a new sshd', 10_000, async () => {
      const { code, stdout } = await ssh(host(0), 'pgrep -o -x sshd');
      return code === 0 && stdout.trim() !== before;
    });
    const { stdout } = await lab.exec('host-1', ['ps', '-e', '-o', 'stat=']);
    expect(stdout).not.toMatch(/^Z/m);
  });

  it('runs programs past the network, with input and exit code, inside the host’s groups', async () => {
    expect(await lab.exec('host-2', ['sh', '-c', 'cat; echo no >&2; exit 3'], { input: 'in' })).toEqual({
      code: 3,
      stdout: 'in',
      stderr: 'no\n',
    });
    expect((await lab.exec('host-2', ['cat', '/proc/self/cgroup'])).stdout).not.toContain('..');
    expect((await lab.exec('host-2', ['sleep', '4321'], { timeoutMs: 200 })).code).toBe(124);
    await waitUntil(
      'the end of sleep',
      5_000,
      async () => (await lab.exec('host-2', ['pgrep', 'sleep'])).code === 1,
    );
    await expect(lab.exec('host-9', ['true'])).rejects.toThrow(
      /no host host-9 in this lab; it has host-1, host-2/,
    );
  });

  it('is quick and changes nothing when it is up already', async () => {
    const started = Date.now();
    expect(await lab.up({ hosts: 1 })).toEqual(state);
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('cuts and mends the network', async () => {
    await lab.cut('host-1');
    expect(host(0).state).toBe('cut');
    expect((await run(['ping', '-c', '1', '-W', '1', host(0).address])).code).not.toBe(0);
    expect((await lab.exec('host-1', ['ping', '-c', '1', '-W', '1', host(1).address])).code).not.toBe(0);
    expect((await ssh(host(1), 'true')).code).toBe(0);
    await lab.mend('host-1');
    expect(host(0).state).toBe('running');
    expect((await ssh(host(0), `ping -c 1 -W 2 ${host(1).address}`)).code).toBe(0);
    expect((await run(['ping', '-c', '1', '-W', '2', host(0).address6])).code).toBe(0);
  });

  it('pauses every process and lets them go on', async () => {
    await lab.pause('host-2');
    expect(host(1).state).toBe('paused');
    expect(await greets(host(1).address)).toBe(false);
    await lab.resume('host-2');
    expect((await ssh(host(1), 'true')).code).toBe(0);
  });

  it.each(['running', 'paused'])(
    'loses power while %s and comes back with disk, address and host key',
    async (how) => {
      const before = host(0);
      await ssh(before, `echo kept > /var/lib/berth/a; echo too > /etc/b; sync`);
      await lab.exec('host-1', ['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 &']);
      if (how === 'paused') await lab.pause('host-1');
      await lab.crash('host-1');
      expect(host(0)).toMatchObject({ state: 'stopped', pid: null });
      expect((await tracesOf(lab)).filter((trace) => /host-1|sleep 1000/.test(trace))).toEqual([]);
      await lab.crash('host-1');
      await lab.start('host-1');
      expect(host(0)).toEqual({ ...before, pid: expect.any(Number) });
      const { stdout } = await ssh(host(0), 'cat /var/lib/berth/a /etc/b');
      expect(stdout).toBe('kept\ntoo\n');
    },
  );

  it('names the way out for a host that is off', async () => {
    await lab.crash('host-2');
    for (const verb of ['cut', 'mend', 'pause', 'resume'] as const) {
      await expect(lab[verb]('host-2')).rejects.toThrow(/`lab start host-2`/);
    }
    await expect(lab.exec('host-2', ['true'])).rejects.toThrow(/`lab start host-2`/);
  });

  it('starts what is missing and adds hosts', async () => {
    state = await lab.up({ hosts: 3 });
    expect(state.hosts.map((target) => target.state)).toEqual(['running', 'running', 'running']);
  });

  it('lives beside another lab', async () => {
    const other = Lab.open(`${dir}-other`);
    const otherState = await other.up({ hosts: 1, poolSizeBytes: 1024 ** 3 });
    expect(otherState.subnet4).not.toBe(state.subnet4);
    expect((await ssh(otherState.hosts[0] as LabHost, 'hostname')).stdout).toBe('host-1\n');
    await other.down();
    expect(await tracesOf(other)).toEqual([]);
    expect((await ssh(host(0), 'true')).code).toBe(0);
  });

  it('leaves nothing, and the user’s own files alone; twice', async () => {
    const namespaces = state.hosts.map((target) =>
      readlinkSync(`/proc/${host(state.hosts.indexOf(target)).pid}/ns/net`),
    );
    writeFileSync(path.join(dir, 'notes'), 'mine');
    expect((await tracesOf(lab, namespaces)).length).toBeGreaterThan(10);
    await lab.down();
    expect(await tracesOf(lab, namespaces)).toEqual(['file notes']);
    await lab.down();
    expect(readFileSync(path.join(dir, 'notes'), 'utf8')).toBe('mine');
    expect(() => lab.state()).toThrow(/there is no lab/);
  });
});

describe('a lab ended from another control group than it was started from', () => {
  const dir = path.join(mkdtempSync(path.join(tmpdir(), 'lab-test-')), 'lab');
  const lab = Lab.open(dir);
  const hierarchy = readHierarchies().find(({ version, directory }) => version === 1 && directory === 'pids');
  const elsewhere = path.join(hierarchy?.parent ?? '', `lab-test-${lab.id}`);
  const onV1 = hierarchy ? it : it.skip;

  afterAll(async () => {
    await lab.down();
    if (hierarchy) rmdirSync(elsewhere);
    rmSync(path.dirname(dir), { recursive: true });
  });

  onV1('leaves no group behind there', async () => {
    mkdirSync(elsewhere);
    const up = `echo $$ > ${elsewhere}/cgroup.procs; exec ${process.execPath} ${MAIN} --dir ${dir} up --hosts 1 --pool-gib 1`;
    expect(await run(['sh', '-c', up])).toMatchObject({ code: 0 });
    expect(existsSync(path.join(elsewhere, `berth-lab-${lab.id}`, 'host-1'))).toBe(true);
    await lab.down();
    expect(existsSync(path.join(elsewhere, `berth-lab-${lab.id}`))).toBe(false);
  });
});

describe('lab up, killed half-way', () => {
  const dir = path.join(mkdtempSync(path.join(tmpdir(), 'lab-test-')), 'lab');
  const lab = Lab.open(dir);

  afterAll(async () => {
    await lab.down();
    rmSync(path.dirname(dir), { recursive: true });
  });

  it.each<[string, (traces: string[]) => boolean]>([
    ['the key is there', (traces) => traces.includes('file id_ed25519')],
    ['the bridge is there', (traces) => traces.some((trace) => trace.includes(`bl${lab.id}:`))],
    ['the groups are there', (traces) => traces.some((trace) => trace.startsWith('group'))],
    ['a process is there', (traces) => traces.some((trace) => trace.startsWith('process'))],
    ['a loop device is there', (traces) => traces.some((trace) => trace.startsWith('loop'))],
  ])('leaves nothing that `lab down` does not find, when %s', async (_when, reached) => {
    const up = spawn(process.execPath, [MAIN, '--dir', dir, 'up', '--hosts', '2', '--pool-gib', '1'], {
      stdio: 'ignore',
    });
    const ended = once(up, 'exit');
    await waitUntil('the moment to strike', 20_000, async () => reached(await tracesOf(lab)));
    up.kill('SIGKILL');
    await ended;
    await lab.down();
    expect(await tracesOf(lab)).toEqual([]);
  });

  it('goes on where it was when started again', async () => {
    const state = await lab.up({ hosts: 1, poolSizeBytes: 1024 ** 3 });
    expect(state.hosts[0]?.state).toBe('running');
  });
});

function greets(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22 });
    socket.setTimeout(700, () => (socket.destroy(), resolve(false)));
    socket.once('data', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
