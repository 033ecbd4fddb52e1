import type { Limits } from '@berth/contracts';
import type { Lab } from '@berth/lab';

/** What a host holds of a container's limits; each part is written as limits would be, so that it compares. */
export interface HostLimits {
  cgroup: 'v1' | 'v2';
  /** Berth's own lines. */
  spec: Record<string, string>;
  /** What LXC sets at the next start: file → value. */
  config: Record<string, string>;
  /** What the kernel enforces now: file, `disk`, `in` and `out` → value; no files where it doesn't run. */
  kernel: Record<string, string>;
}

const FILES = {
  v1: [
    'cpu.shares',
    'cpu.cfs_quota_us',
    'memory.limit_in_bytes',
    'memory.memsw.limit_in_bytes',
    'memory.soft_limit_in_bytes',
    'pids.max',
    'blkio.throttle.read_bps_device',
    'blkio.throttle.write_iops_device',
  ],
  v2: [
    'cpu.weight',
    'cpu.max',
    'memory.max',
    'memory.swap.max',
    'memory.low',
    'memory.high',
    'pids.max',
    'io.max',
  ],
} as const;

const script = (id: string) => `
  shopt -s nullglob
  dir=/var/lib/berth/containers/${id} group=1/${id.slice(2)}
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then echo cgroup v2; else echo cgroup v1; fi
  sed -n 's/^limit /spec /p' $dir/spec
  sed -nE 's/^lxc[.]cgroup2?[.]([a-z_.]*) = (.*)/config \\1 \\2/p' $dir/config
  cd /sys/fs/cgroup
  for file in ${[...FILES.v1, ...FILES.v2].map((name) => `{*/,}lxc.payload.${id}/${name}`).join(' ')}; do
    [[ ! -e $file ]] || echo "kernel \${file##*/} $(paste -sd'|' <$file)"
  done
  [[ ! -e $dir/subvolume ]] || group=0/$(<$dir/subvolume)
  btrfs qgroup show -r --raw /var/lib/berth | awk -v group=$group '$1 == group { print "kernel disk " $4 }'
  for one in v:in i:out; do
    rate=$(tc qdisc show dev \${one%:*}-${id} 2>/dev/null | grep -o 'tbf .* rate [^ ]*' || true)
    [[ ! $rate ]] || echo "kernel \${one#*:} \${rate##* }"
  done`;

/** Reads the files themselves: nothing of what reads or writes them for the platform is in between. */
export async function limitsOnHost(lab: Lab, host: string, id: string): Promise<HostLimits> {
  const { code, stdout, stderr } = await lab.exec(host, ['bash', '-euo', 'pipefail', '-s'], {
    input: script(id),
    timeoutMs: 20_000,
  });
  if (code !== 0) throw new Error(`reading the limits of ${id} on ${host} failed (${code}): ${stderr}`);
  const found: HostLimits = { cgroup: 'v1', spec: {}, config: {}, kernel: {} };
  for (const line of stdout.trim().split('\n')) {
    const [part = '', name = '', ...rest] = line.split(' ');
    const value = rest.join(' ');
    if (part === 'cgroup') found.cgroup = name === 'v2' ? 'v2' : 'v1';
    // Each disk below the pool has a line of its own: one tells.
    else if (part === 'spec') found.spec[name] = value;
    else if (part === 'config') found.config[name] = withoutDevice(value);
    else if (part === 'kernel') found.kernel[name] = withoutDevice(value.split('|')[0]!);
  }
  const known: readonly string[] = FILES[found.cgroup];
  found.config = Object.fromEntries(Object.entries(found.config).filter(([name]) => known.includes(name)));
  return found;
}

const withoutDevice = (value: string): string => value.replace(/^\d+:\d+ /, '');

/** By the design's table of limits: what each file says where these limits are set, and where they are not. */
export function filesOf(limits: Limits, cgroup: 'v1' | 'v2'): Record<string, string> {
  const { cpu_units: units, ram_bytes: ram, swap_bytes: swap, num_proc: processes } = limits;
  const {
    io_limit_bps: bps,
    io_limit_iops: iops,
    ram_guarantee_bytes: guarantee,
    ram_barrier_bytes: high,
  } = limits;
  const quotas = [
    limits.cpus && limits.cpus * 100_000,
    limits.cpu_limit_percent && limits.cpu_limit_percent * 1000,
  ];
  const set = quotas.filter((one): one is number => typeof one === 'number').map((one) => Math.round(one));
  const quota = set.length > 0 ? Math.min(...set) : null;
  if (cgroup === 'v2') {
    const io = `rbps=${bps || 'max'} wbps=${bps || 'max'} riops=${iops || 'max'} wiops=${iops || 'max'}`;
    return {
      'cpu.weight': String(Math.min(10_000, Math.max(1, Math.round((units ?? 1000) / 10)))),
      'cpu.max': `${quota ?? 'max'} 100000`,
      'memory.max': String(ram ?? 'max'),
      'memory.swap.max': String(swap ?? 'max'),
      'memory.low': String(guarantee ?? 0),
      'memory.high': String(high ?? 'max'),
      'pids.max': String(processes ?? 'max'),
      'io.max': bps || iops ? io : '',
    };
  }
  const none = '9223372036854771712';
  return {
    'cpu.shares': String(Math.min(262_144, units ?? 1024)),
    'cpu.cfs_quota_us': String(quota ?? -1),
    'memory.limit_in_bytes': String(ram ?? none),
    'memory.memsw.limit_in_bytes': swap != null && ram != null ? String(ram + swap) : none,
    'memory.soft_limit_in_bytes': String(guarantee ?? none),
    'pids.max': String(processes ?? 'max'),
    'blkio.throttle.read_bps_device': bps ? String(bps) : '',
    'blkio.throttle.write_iops_device': iops ? String(iops) : '',
  };
}

const megabits = (bps: number): string => `${bps / 1_000_000}Mbit`;

/** Throws where the host holds other limits than these, in whichever place. Net rates must be whole Mbit/s below 1000. */
export async function expectLimitsOnHost(lab: Lab, host: string, id: string, limits: Limits): Promise<void> {
  const found = await limitsOnHost(lab, host, id);
  const entries = Object.entries(limits).filter(([, value]) => value !== null && value !== undefined);
  expect(found.spec).toEqual(Object.fromEntries(entries.map(([name, value]) => [name, String(value)])));
  const files = filesOf(limits, found.cgroup);
  const unset = filesOf({}, found.cgroup);
  // A throttle of 0 is none.
  const isSet = ([name, value]: [string, string]) =>
    value !== unset[name] && !(name.startsWith('blkio.throttle.') && value === '0');
  expect(Object.entries(found.config).filter(isSet)).toEqual(
    expect.arrayContaining(Object.entries(files).filter(isSet)),
  );
  expect(Object.entries(found.config).filter(isSet)).toHaveLength(Object.entries(files).filter(isSet).length);
  const { net_rate_in_bps: incoming, net_rate_out_bps: outgoing, disk_bytes: disk } = limits;
  const running = 'pids.max' in found.kernel;
  expect(found.kernel).toEqual({
    // A kernel without a controller has no file of it.
    ...Object.fromEntries(Object.entries(files).filter(([name]) => name in found.kernel)),
    disk: String(disk ?? 'none'),
    ...(running && incoming && { in: megabits(incoming) }),
    ...(running && outgoing && { out: megabits(outgoing) }),
  });
  if (running) expect(Object.keys(found.kernel).length).toBeGreaterThan(6);
}
