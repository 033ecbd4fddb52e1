import type { LimitName, Limits } from '@berth/contracts';
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
    await kit().runtime.applyLimits(id, { disk_bytes: 160 * MIB }, { fence: 2 });
    expect(await write('rest', 60)).not.toBe(0);
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
    // On a busy machine it may get less than its limit for a while.
    await kit().until('it is throttled', async () => (await used()) < 0.45 && (await throttled()) > 3);
    const before = await throttled();
    await kit().runtime.applyLimits(id, { cpu_limit_percent: null }, { fence: 2 });
    await used();
    // One more period may end after the lift. How much it gets now is up to the machine's other load.
    expect((await throttled()) - before).toBeLessThan(3);
  });

  it('all of them, in the files of the kernel, live and after the next start', async () => {
    const { id } = await kit().started({ limits: {} });
    const { cgroup, capabilities } = await kit().runtime.inspectHost();
    const before = await kernelLimits(id, cgroup);
    const wanted: Limits = {
      cpu_units: 2048,
      cpu_limit_percent: 33.3,
      cpus: 2,
      cpu_mask: '0',
      node_mask: '0',
      ram_bytes: 64 * MIB,
      ram_barrier_bytes: 48 * MIB,
      ram_guarantee_bytes: 32 * MIB,
      swap_bytes: 16 * MIB,
      io_priority: 7,
      io_limit_bps: 10_000_000,
      io_limit_iops: 500,
      num_proc: 77,
      net_rate_in_bps: 10_000_000,
      net_rate_out_bps: 20_000_000,
    };
    const names = Object.keys(wanted).filter((name) => capabilities.includes(`limit:${name}` as never));
    expect(names.length).toBeGreaterThan(10);
    const limits = Object.fromEntries(names.map((name) => [name, wanted[name as LimitName]]));
    await kit().runtime.applyLimits(id, limits, { fence: 2 });
    const live = await kernelLimits(id, cgroup);
    const kept = Object.entries(expectedOf(cgroup)).filter(([file]) => file in live);
    expect(kept.length).toBeGreaterThan(8);
    expect(live).toMatchObject(Object.fromEntries(kept));
    expect((await kit().runtime.inspect(id))?.limits).toEqual(limits);
    await kit().runtime.kill(id, { fence: 2 });
    await kit().runtime.start(id, { fence: 2 });
    expect(await kernelLimits(id, cgroup)).toEqual(live);
    const nothing = Object.fromEntries(names.map((name) => [name, null]));
    await kit().runtime.applyLimits(id, nothing, { fence: 2 });
    expect(await kernelLimits(id, cgroup)).toEqual(before);
    expect((await kit().runtime.inspect(id))?.limits).toEqual({});
  });

  it('the smaller of cpus and cpu_limit_percent', async () => {
    const { id } = await kit().started({ limits: { cpus: 1, cpu_limit_percent: 250 } });
    const { cgroup } = await kit().runtime.inspectHost();
    const quota = async () => {
      const files = await kernelLimits(id, cgroup);
      return files['cpu.cfs_quota_us'] ?? files['cpu.max'];
    };
    expect(await quota()).toMatch(/^100000\b/);
    await kit().runtime.applyLimits(id, { cpus: 2, cpu_limit_percent: 150 }, { fence: 2 });
    expect(await quota()).toMatch(/^150000\b/);
    await kit().runtime.applyLimits(id, { cpu_limit_percent: null }, { fence: 2 });
    expect(await quota()).toMatch(/^200000\b/);
  });

  it('memory and swap grow and shrink together in any order', async () => {
    const { id } = await kit().started({ limits: { ram_bytes: 64 * MIB } });
    const { cgroup, capabilities } = await kit().runtime.inspectHost();
    if (!capabilities.includes('limit:swap_bytes')) return;
    for (const [ram, swap] of [
      [64, 8],
      [256, 0],
      [48, 128],
      [300, 300],
      [40, 0],
    ] as const) {
      await kit().runtime.applyLimits(id, { ram_bytes: ram * MIB, swap_bytes: swap * MIB }, { fence: 2 });
      const files = await kernelLimits(id, cgroup);
      const expected =
        cgroup === 'v2'
          ? { 'memory.max': `${ram * MIB}`, 'memory.swap.max': `${swap * MIB}` }
          : {
              'memory.limit_in_bytes': `${ram * MIB}`,
              'memory.memsw.limit_in_bytes': `${(ram + swap) * MIB}`,
            };
      expect(files).toMatchObject(expected);
    }
  });
});

describe('lxc: limits that are refused change nothing', () => {
  const limits = { ram_bytes: 128 * MIB, num_proc: 50, disk_bytes: 100 * MIB };

  it('memory below what cannot be reclaimed', async () => {
    const { id } = await kit().started({ limits: { ...limits, swap_bytes: 0 } });
    const fill = 'mkdir -p /ram && mount -t tmpfs none /ram && dd if=/dev/zero of=/ram/f bs=1M count=60';
    await kit().inside(id, fill);
    const wanted = { num_proc: 60, ram_bytes: 32 * MIB };
    const error = await expectCode(kit().runtime.applyLimits(id, wanted, { fence: 2 }), 'limit_too_low');
    expect(error.details).toMatchObject({ limit: 'ram_bytes', requested: 32 * MIB });
    expect(error.details.used).toBeGreaterThan(50 * MIB);
    await expectCode(kit().runtime.checkLimits(id, wanted), 'limit_too_low');
    await expectUnchanged(id);
    await kit().runtime.checkLimits(id, { ram_bytes: 100 * MIB });
    await kit().inside(id, 'rm /ram/f');
    await kit().runtime.applyLimits(id, wanted, { fence: 2 });
  });

  it('a disk below what is on it', async () => {
    const { id } = await kit().started({ limits: { ...limits, swap_bytes: 0 } });
    await kit().inside(id, 'dd if=/dev/zero of=/file bs=1M count=40 conv=fsync');
    const wanted = { num_proc: 60, disk_bytes: 30 * MIB };
    const error = await expectCode(kit().runtime.applyLimits(id, wanted, { fence: 2 }), 'limit_too_low');
    expect(error.details).toMatchObject({ limit: 'disk_bytes', requested: 30 * MIB });
    expect(error.details.used).toBeGreaterThanOrEqual(40 * MIB);
    await expectUnchanged(id);
    await kit().runtime.kill(id, { fence: 2 });
    await expectCode(kit().runtime.checkLimits(id, wanted), 'limit_too_low');
    await kit().runtime.applyLimits(id, { disk_bytes: 60 * MIB }, { fence: 2 });
  });

  it('a processor that the host has not', async () => {
    const { id } = await kit().started({ limits: { ...limits, swap_bytes: 0 } });
    for (const cpu_mask of ['500', '0,400-401', '3-1']) {
      const attempt = kit().runtime.applyLimits(id, { num_proc: 60, cpu_mask }, { fence: 2 });
      await expectCode(attempt, 'invalid_input');
    }
    await expectUnchanged(id);
  });

  async function expectUnchanged(id: string) {
    const { cgroup } = await kit().runtime.inspectHost();
    expect((await kit().runtime.inspect(id))?.limits).toEqual({ ...limits, swap_bytes: 0 });
    const files = await kernelLimits(id, cgroup);
    expect(files).toMatchObject({ 'pids.max': '50' });
    expect(files['memory.limit_in_bytes'] ?? files['memory.max']).toBe(`${128 * MIB}`);
  }
});

/** What the kernel holds for a container: files of its cgroups by name, and the shape of its network. */
async function kernelLimits(id: string, cgroup: 'v1' | 'v2'): Promise<Record<string, string>> {
  const names = Object.keys(expectedOf(cgroup)).filter((name) => name.includes('.'));
  const output = await kit().host(`
    cd /sys/fs/cgroup
    for name in ${names.join(' ')}; do
      for file in */lxc.payload.${id}/$name lxc.payload.${id}/$name; do
        [[ ! -e $file ]] || echo "$name=$(paste -sd'|' <$file)"
      done
    done
    for device in v-${id} i-${id}; do
      rate=$(tc qdisc show dev $device 2>/dev/null | grep -o 'tbf .* rate [^ ]*' || true)
      [[ ! $rate ]] || echo "\${device%%-*}=\${rate##* }"
    done`);
  const pairs = output
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function expectedOf(cgroup: 'v1' | 'v2'): Record<string, unknown> {
  const net = { v: '10Mbit', i: '20Mbit' };
  const bps = expect.stringMatching(/^\d+:\d+ 10000000$/) as unknown;
  const iops = expect.stringMatching(/^\d+:\d+ 500$/) as unknown;
  if (cgroup === 'v2') {
    return {
      ...net,
      'cpu.weight': '205',
      'cpu.max': '33300 100000',
      'cpuset.cpus.effective': '0',
      'cpuset.mems.effective': '0',
      'memory.max': '67108864',
      'memory.high': '50331648',
      'memory.low': '33554432',
      'memory.swap.max': '16777216',
      'io.bfq.weight': expect.stringMatching(/^(default )?400/) as unknown,
      'io.max': expect.stringMatching(/rbps=10000000 wbps=10000000 riops=500 wiops=500/) as unknown,
      'pids.max': '77',
    };
  }
  return {
    ...net,
    'cpu.shares': '2048',
    'cpu.cfs_quota_us': '33300',
    'cpuset.cpus': '0',
    'cpuset.mems': '0',
    'memory.limit_in_bytes': '67108864',
    'memory.soft_limit_in_bytes': '33554432',
    'memory.memsw.limit_in_bytes': '83886080',
    'blkio.bfq.weight': '400',
    'blkio.throttle.read_bps_device': bps,
    'blkio.throttle.write_bps_device': bps,
    'blkio.throttle.read_iops_device': iops,
    'blkio.throttle.write_iops_device': iops,
    'pids.max': '77',
  };
}
