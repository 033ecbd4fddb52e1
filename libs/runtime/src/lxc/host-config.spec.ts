import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ContainerSpec } from '../container-runtime';
import { renderSpec } from './spec-file';

const HOST_DIR = join(__dirname, '..', '..', 'host');
const GOLDEN_DIR = join(__dirname, '__golden__');
const FILES = ['config', 'net.host', 'net.guest', 'net.nft', 'net.tc'];

const plain: ContainerSpec = {
  id: 'ct305419896',
  templateSha256: 'ab'.repeat(32),
  hostname: 'plain',
  idBase: 131_072,
  limits: {},
  addresses: [{ address: '192.0.2.7', family: 4, prefix: 32 }],
  dns: { nameservers: [], search: [] },
  sshKeys: [],
  rootPassword: null,
};

const full: ContainerSpec = {
  ...plain,
  id: 'ct12',
  hostname: 'full.example.org',
  limits: {
    ram_bytes: 536_870_912,
    cpu_units: 262_145,
    cpu_limit_percent: 150.5,
    disk_bytes: 1e10,
    num_proc: 500,
    cpus: 2,
    cpu_mask: '0-1,3',
    node_mask: '0',
    ram_barrier_bytes: 402_653_184,
    ram_guarantee_bytes: 134_217_728,
    swap_bytes: 268_435_456,
    io_priority: 7,
    io_limit_bps: 10_000_000,
    io_limit_iops: 500,
    net_rate_in_bps: 100_000_000,
    net_rate_out_bps: 1_000_000,
  },
  addresses: [
    { address: '192.0.2.8', family: 4, prefix: 32 },
    { address: '192.0.2.9', family: 4, prefix: 32 },
    { address: '2001:db8:0:5::1', family: 6, prefix: 64 },
  ],
  dns: { nameservers: ['192.0.2.53', '2001:db8::53'], search: ['example.org'] },
};

const small: ContainerSpec = { ...plain, limits: { cpu_units: 8, cpu_limit_percent: 1 }, addresses: [] };

/** A root directory that looks like a host of this cgroup version. */
function fakeHost(cgroup: 'v1' | 'v2'): string {
  const root = mkdtempSync(join(tmpdir(), 'berth-golden-'));
  const put = (path: string, text = '') => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put(cgroup === 'v2' ? 'sys/fs/cgroup/cgroup.controllers' : 'sys/fs/cgroup/pids/tasks');
  put('run/berth/pool-devices', '7:1 8:16\n');
  for (const file of ['meminfo', 'cpuinfo', 'uptime']) put(`var/lib/lxcfs/proc/${file}`);
  return root;
}

/** The files of a container as the host's scripts write them from its spec. */
function written(spec: ContainerSpec, cgroup: 'v1' | 'v2', more = ''): Record<string, string> {
  const root = fakeHost(cgroup);
  try {
    const dir = join(root, 'var/lib/berth/containers', spec.id);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'spec'), renderSpec(spec) + more);
    const sources = ['common', 'spec', 'limits', 'devices', 'config'].map(
      (name) => `. ${HOST_DIR}/${name}.sh`,
    );
    const script = [
      ...sources,
      'LIB=/var/lib/berth/lib/HASH',
      `use_container ${spec.id}`,
      'load_spec',
      'write_config',
    ];
    execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', script.join('\n')], {
      env: { BERTH_ROOT: root },
    });
    const read = (file: string) => readFileSync(join(dir, file), 'utf8').replaceAll(root, '');
    return Object.fromEntries(FILES.map((file) => [file, read(file)]));
  } finally {
    rmSync(root, { recursive: true });
  }
}

function expectGolden(name: string, text: string): void {
  const path = join(GOLDEN_DIR, name);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(GOLDEN_DIR, { recursive: true });
    writeFileSync(path, text);
  }
  // Missing or different: look at it, then run with UPDATE_GOLDEN=1.
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe.each(['v1', 'v2'] as const)('what a host of cgroup %s writes for a container', (cgroup) => {
  it.each([
    ['plain', plain, ''],
    ['full', full, 'halt_signal SIGUSR2\n'],
    ['small', small, ''],
  ])('%s', (name, spec, more) => {
    const files = written(spec, cgroup, more);
    const text = FILES.map((file) => `=== ${file}\n${files[file]}`).join('');
    expectGolden(`${name}.cgroup-${cgroup}.txt`, text);
  });
});

it('keeps the spec that it is given', () => {
  expectGolden('full.spec.txt', renderSpec(full));
});

it('passes values on as they are, evaluating nothing', () => {
  const hostname = '$(touch /tmp/berth-pwned)`id`';
  const { config } = written({ ...plain, hostname }, 'v1');
  expect(config).toContain(`lxc.uts.name = ${hostname}\n`);
});
