import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readHierarchies } from './cgroups';
import { mustRun } from './run';
import { register, unregister } from './sysctls';

const PTY_MAX = '/proc/sys/kernel/pty/max';

describe('settings that all hosts share with the machine', () => {
  const registry = path.join(mkdtempSync(path.join(tmpdir(), 'lab-registry-')), 'labs');
  const before = readFileSync(PTY_MAX, 'utf8');
  const labs = ['5e7a0001', '5e7a0002'] as const;

  beforeAll(async () => {
    for (const id of labs) await mustRun(['ip', 'link', 'add', `bl${id}`, 'type', 'bridge']);
  });

  afterAll(async () => {
    rmSync(path.dirname(registry), { recursive: true });
    writeFileSync(PTY_MAX, before);
    for (const id of labs) await mustRun(['ip', 'link', 'del', `bl${id}`]);
  });

  it('are put back by the last lab that goes down, as the first found them', () => {
    register(labs[0], '/a', registry);
    writeFileSync(PTY_MAX, `${Number(before) + 1}\n`);
    register(labs[1], '/b', registry);
    unregister(labs[0], registry);
    expect(Number(readFileSync(PTY_MAX, 'utf8'))).toBe(Number(before) + 1);
    unregister(labs[1], registry);
    expect(readFileSync(PTY_MAX, 'utf8')).toBe(before);
    expect(existsSync(registry)).toBe(false);
  });

  it('take controllers of cgroup v2 back that were handed down meanwhile', () => {
    const root = readHierarchies().find(({ version }) => version === 2)?.parent;
    const file = path.join(root!, 'cgroup.subtree_control');
    const given = () => readFileSync(file, 'utf8').trim().split(' ').filter(Boolean);
    const found = given();
    const free = readFileSync(path.join(root!, 'cgroup.controllers'), 'utf8').trim().split(' ');
    const extra = free.find((name) => name !== '' && !found.includes(name));
    register(labs[0], '/a', registry);
    if (extra) writeFileSync(file, `+${extra}`);
    expect(given()).toEqual(extra ? expect.arrayContaining([extra]) : found);
    unregister(labs[0], registry);
    expect(given()).toEqual(found);
  });

  it('are put back also when another lab was removed without being asked', async () => {
    register(labs[0], '/a', registry);
    register('5e7a0003', '/gone', registry);
    writeFileSync(PTY_MAX, `${Number(before) + 1}\n`);
    unregister(labs[0], registry);
    expect(readFileSync(PTY_MAX, 'utf8')).toBe(before);
  });
});
