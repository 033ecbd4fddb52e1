import { MIB } from '../conformance/conformance-harness';
import { expectCode } from '../conformance/conformance-suite';
import { useLxcKit } from './lxc-test-kit';

jest.setTimeout(600_000);

const fence = { fence: 2 };

describe('lxc: disks that count inodes', () => {
  const kit = useLxcKit();
  const attempt = (id: string, line: string) =>
    kit().runtime.exec(id, ['sh', '-c', line], { timeoutMs: 300_000 });
  const counters = async (id: string) =>
    Object.fromEntries((await kit().runtime.beancounters(id)).beancounters.map((one) => [one.resource, one]));
  /** The kernel starts anew at once, as after a power loss. */
  const rebootHost = async () => {
    const boot = () => kit().host('cat /proc/sys/kernel/random/boot_id');
    const before = await boot();
    await kit().host(
      'sync; setsid sh -c "sleep 1; echo b >/proc/sysrq-trigger" </dev/null >/dev/null 2>&1 &',
    );
    await kit().until(
      'the host is up again',
      () =>
        boot().then(
          (now) => now !== before,
          () => false,
        ),
      120_000,
    );
  };
  const limits = { disk_bytes: 100 * MIB, disk_inodes: 3000, ram_bytes: 128 * MIB, num_proc: 100 };

  it('end at their size and at their number of files; df shows both; they grow and shrink live', async () => {
    const { id } = await kit().started({ limits });
    const df = async () =>
      (await kit().inside(id, 'df -k / | tail -n 1; df -i / | tail -n 1'))
        .split('\n')
        .map((line) => line.split(/ +/)[1]);
    expect(await df()).toMatchObject([String((100 * MIB) / 1024), '3000']);
    const filler =
      'i=0; while true >/many/$i; do i=$((i + 1)); done 2>/dev/null; ls /many | wc -l; rm -rf /many';
    const before = (await counters(id)).diskinodes!.held;
    const made = Number(
      await kit()
        .inside(id, `mkdir /many; ${filler}`)
        .then((text) => text.trim()),
    );
    expect(made + before).toBeGreaterThan(2990);
    expect(made + before).toBeLessThanOrEqual(3000);
    const full = await attempt(id, 'dd if=/dev/zero of=/file bs=1M count=200 conv=fsync');
    expect(full.stderr).toMatch(/No space left|quota exceeded/i);
    const used = async () => (await counters(id)).diskspace!;
    expect((await used()).held).toBeGreaterThan(99 * MIB);
    expect((await used()).held).toBeLessThanOrEqual(100 * MIB);
    expect((await used()).failcnt).toBe(1);

    await kit().runtime.applyLimits(id, { disk_bytes: 300 * MIB, disk_inodes: 5000 }, fence);
    expect(await df()).toMatchObject([String((300 * MIB) / 1024), '5000']);
    expect((await attempt(id, 'dd if=/dev/zero of=/file bs=1M count=250 conv=fsync')).exitCode).toBe(0);
    for (const [too, limit] of [
      [{ disk_bytes: 200 * MIB }, 'disk_bytes'],
      [{ disk_inodes: 10 }, 'disk_inodes'],
    ] as const) {
      const error = await expectCode(kit().runtime.applyLimits(id, too, fence), 'limit_too_low');
      expect(error.details.limit).toBe(limit);
    }
    await kit().inside(id, 'rm /file');
    await kit().runtime.applyLimits(id, { disk_bytes: 50 * MIB, disk_inodes: 2000 }, fence);
    expect(await df()).toMatchObject([String((50 * MIB) / 1024), '2000']);
    await kit().inside(id, 'echo kept >/kept; sync');
    await rebootHost();
    await kit().runtime.setHostname(id, 'after-a-boot', fence);
    await kit().runtime.start(id, fence);
    expect(await df()).toMatchObject([String((50 * MIB) / 1024), '2000']);
    expect(await kit().inside(id, 'cat /kept; hostname; stat -c "%u %a" /etc/shadow')).toMatch(
      /^kept\nafter-a-boot\n0 /,
    );
  });

  it('are refused where the disk was made without, or has no size', async () => {
    const spec = kit().newSpec({ limits: { disk_inodes: 3000 } });
    await expectCode(kit().runtime.create(spec, fence), 'invalid_input');
    expect(await kit().runtime.inspect(spec.id)).toBeNull();
    const { id } = await kit().started({ limits: { disk_bytes: 100 * MIB } });
    const inodes = await expectCode(
      kit().runtime.applyLimits(id, { disk_inodes: 2000 }, fence),
      'unsupported',
    );
    expect(inodes.details.capability).toBe('limit:disk_inodes');
    const quota = await expectCode(kit().runtime.setFeatures(id, ['quota'], fence), 'unsupported');
    expect(quota.details.capability).toBe('quota:second_level');
  });

  it('keep to the I/O limit of their server', async () => {
    const rate = 10_000_000;
    const { id } = await kit().started({ limits: { ...limits, disk_bytes: 400 * MIB, io_limit_bps: rate } });
    // Blocks that the image has not had yet: part of these writes counts as the host's own.
    const started = Date.now();
    await kit().inside(id, 'dd if=/dev/zero of=/file bs=1M count=60 conv=fsync');
    expect((60 * MIB) / ((Date.now() - started) / 1000)).toBeLessThan(rate * 1.1);
    const before = await kit().runtime.beancounters(id);
    await kit().inside(id, 'dd if=/dev/zero of=/file bs=1M count=60 conv=notrunc,fsync');
    const after = await kit().runtime.beancounters(id);
    expect((60 * MIB) / ((after.at - before.at) / 1000)).toBeLessThan(rate * 1.1);
    const written = (usage: typeof before) =>
      usage.beancounters.find(({ resource }) => resource === 'iowrite')!.held;
    expect(written(after) - written(before)).toBeGreaterThan(58 * MIB);
  });

  it('leave nothing behind', async () => {
    const { id } = await kit().started({ limits });
    await kit().runtime.destroy(id, fence);
    expect(await kit().host(`grep -c ${id} /proc/mounts || true; losetup -l | grep -c ${id} || true`)).toBe(
      '0\n0\n',
    );
    expect(await kit().host(`ls /var/lib/berth/containers /run/berth/state | grep -c ${id} || true`)).toBe(
      '0\n',
    );
  });
});

describe('lxc: quotas of users and groups inside a server', () => {
  const kit = useLxcKit('debian-12');

  it('are set by its root through the host, hold, and are off without the feature', async () => {
    const { id } = await kit().started({
      limits: { disk_bytes: 1500 * MIB, ram_bytes: 400 * MIB },
      features: ['quota'],
    });
    const run = async (...command: string[]) => kit().runtime.exec(id, command, { timeoutMs: 120_000 });
    const as = (line: string) =>
      run('setpriv', '--reuid=1234', '--regid=1234', '--clear-groups', 'sh', '-c', line);
    expect((await run('/usr/local/sbin/setquota', '-u', '1234', '0', '10240', '0', '50')).stderr).toBe('');
    await run('mkdir', '-m', '777', '/srv/shared');
    const big = await as('head -c 30000000 /dev/zero >/srv/shared/big; stat -c %s /srv/shared/big');
    expect(big.stderr).toMatch(/quota exceeded/i);
    expect(Number(big.stdout)).toBeGreaterThan(9_000_000);
    expect(Number(big.stdout)).toBeLessThanOrEqual(10_485_760);
    const many = await as(
      'rm /srv/shared/big; for i in $(seq 100); do true >/srv/shared/$i || break; done; ls /srv/shared | wc -l',
    );
    expect(Number(many.stdout)).toBe(50);
    const shown = await run('/usr/local/sbin/setquota', '-u', '1234');
    expect(shown.stdout).toMatch(/1234.*10240/);
    await run('/usr/local/sbin/setquota', '-g', '1234', '0', '0', '0', '30');
    // Only its root may ask, and only for what is a request.
    expect((await as('/usr/local/sbin/setquota -u 1234 0 0 0 0')).exitCode).not.toBe(0);
    expect((await run('/usr/local/sbin/setquota', '-u', '1234', '0', '1;id', '0', '0')).exitCode).not.toBe(0);
    const hangUp =
      'use Socket; for (1 .. 5) { socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un("/dev/.berth/quota")) or die;' +
      ' syswrite(S, "report u\\n"); close S }';
    expect((await run('perl', '-e', hangUp)).stderr).toBe('');
    expect((await run('/usr/local/sbin/setquota', '-g', '1234')).stdout).toMatch(/1234.*30/);
    await kit().runtime.kill(id, fence);
    await kit().runtime.start(id, fence);
    expect((await run('/usr/local/sbin/setquota', '-u', '1234')).stdout).toMatch(/1234.*10240/);
    await kit().runtime.setFeatures(id, [], fence);
    expect((await run('/usr/local/sbin/setquota', '-u', '1234', '0', '0', '0', '0')).exitCode).not.toBe(0);
    await kit().runtime.setFeatures(id, ['quota'], fence);
    expect((await run('/usr/local/sbin/setquota', '-u', '1234', '0', '0', '0', '40')).stderr).toBe('');
    expect((await run('/usr/local/sbin/setquota', '-u', '1234')).stdout).toMatch(/1234.*40/);
  });
});
