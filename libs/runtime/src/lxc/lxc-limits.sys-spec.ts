import { MIB } from '../conformance/conformance-harness';
import { expectCode } from '../conformance/conformance-suite';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();
const exitOf = async (id: string, line: string) =>
  (await kit().runtime.exec(id, ['sh', '-c', line], { timeoutMs: 60_000 })).exitCode;

describe('lxc: limits hold, and change live', () => {
  it('memory', async () => {
    const { id } = await kit().started({ limits: { ram_bytes: 48 * MIB } });
    const hog = 'dd if=/dev/zero of=/dev/null bs=96M count=1 2>/dev/null';
    expect(await exitOf(id, hog)).not.toBe(0);
    await kit().runtime.applyLimits(id, { ram_bytes: 256 * MIB }, { fence: 2 });
    expect(await kit().inside(id, 'head -n 1 /proc/meminfo')).toMatch(/MemTotal: +262144 kB/);
    expect(await exitOf(id, hog)).toBe(0);
  });

  it('processes', async () => {
    const { id } = await kit().started({ limits: { num_proc: 20 } });
    const fork = 'for i in $(seq 60); do sleep 2 & done; wait';
    const denied = async () =>
      (await kit().runtime.exec(id, ['sh', '-c', fork], { timeoutMs: 30_000 })).stderr;
    expect(await denied()).toMatch(/fork/);
    await kit().runtime.applyLimits(id, { num_proc: 200 }, { fence: 2 });
    expect(await denied()).toBe('');
  });

  it('disk, and frees it again though it was full', async () => {
    const { id } = await kit().started({ limits: { disk_bytes: 20 * MIB } });
    const write = (name: string, mib: number) =>
      exitOf(id, `dd if=/dev/zero of=/${name} bs=1M count=${mib} conv=fsync`);
    expect(await write('big', 60)).not.toBe(0);
    await kit().runtime.applyLimits(id, { disk_bytes: 100 * MIB }, { fence: 2 });
    expect(await write('big', 60)).toBe(0);
    expect(await write('more', 60)).not.toBe(0);
    expect(await exitOf(id, 'rm /big /more')).toBe(0);
    await kit().runtime.applyLimits(id, { disk_bytes: null }, { fence: 2 });
    expect(await write('big', 150)).toBe(0);
    await kit().runtime.applyLimits(id, { disk_bytes: 10 * MIB }, { fence: 2 });
    await kit().runtime.destroy(id, { fence: 2 });
    expect(await kit().runtime.inspect(id)).toBeNull();
  });

  it('processor time', async () => {
    const { id } = await kit().started({ limits: { cpu_limit_percent: 20 } });
    const spin =
      "timeout 1 sh -c 'while :; do :; done'; awk '{ print $14 + $16 }' /proc/self/stat >/dev/null; times";
    // The third and fourth figure of `times` are of the children: how much of the second they got.
    const used = async () => {
      const [minutes, seconds] = (await kit().inside(id, spin))
        .trim()
        .split('\n')[1]!
        .split(' ')[0]!
        .split('m');
      return Number(minutes) * 60 + Number(seconds!.replace('s', ''));
    };
    const throttled = async () =>
      Number(
        await kit().host(
          `{ cat /sys/fs/cgroup/{cpu/,}lxc.payload.${id}/cpu.stat 2>/dev/null || true; } | awk '/^nr_throttled/ { print $2 }'`,
        ),
      );
    expect(await used()).toBeLessThan(0.45);
    const before = await throttled();
    expect(before).toBeGreaterThan(3);
    await kit().runtime.applyLimits(id, { cpu_limit_percent: null }, { fence: 2 });
    await used();
    // One more period may end after the lift. How much it gets now is up to the machine's other load.
    expect((await throttled()) - before).toBeLessThan(3);
  });

  it('all of them, in the files of the kernel, live and after the next start', async () => {
    const { id } = await kit().started({ limits: {} });
    const limits = { cpu_units: 2048, cpu_limit_percent: 33.3, ram_bytes: 64 * MIB, num_proc: 77 };
    await kit().runtime.applyLimits(id, limits, { fence: 2 });
    const { cgroup } = await kit().runtime.inspectHost();
    const files =
      cgroup === 'v1'
        ? ['cpu/%/cpu.shares', 'cpu/%/cpu.cfs_quota_us', 'memory/%/memory.limit_in_bytes', 'pids/%/pids.max']
        : ['%/cpu.weight', '%/cpu.max', '%/memory.max', '%/pids.max'];
    const paths = files.map((file) => `/sys/fs/cgroup/${file.replace('%', `lxc.payload.${id}`)}`).join(' ');
    const wanted = cgroup === 'v1' ? '2048\n33300\n67108864\n77\n' : '205\n33300 100000\n67108864\n77\n';
    expect(await kit().host(`cat ${paths}`)).toBe(wanted);
    await kit().runtime.kill(id, { fence: 2 });
    await kit().runtime.start(id, { fence: 2 });
    expect(await kit().host(`cat ${paths}`)).toBe(wanted);
  });

  it('none, where one of them is refused', async () => {
    const { id } = await kit().started({ limits: { ram_bytes: 128 * MIB, num_proc: 50 } });
    await kit().inside(
      id,
      'mkdir -p /ram && mount -t tmpfs none /ram && dd if=/dev/zero of=/ram/f bs=1M count=60',
    );
    const { cgroup } = await kit().runtime.inspectHost();
    if (cgroup !== 'v1') return; // v2 takes it and reclaims or kills.
    await expectCode(
      kit().runtime.applyLimits(id, { num_proc: 60, ram_bytes: 8 * MIB }, { fence: 2 }),
      'command_failed',
    );
    expect((await kit().runtime.inspect(id))?.limits).toEqual({ ram_bytes: 128 * MIB, num_proc: 50 });
    expect(await kit().host(`cat /sys/fs/cgroup/pids/lxc.payload.${id}/pids.max`)).toBe('50\n');
  });
});
