import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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

  it('are put back also when another lab was removed without being asked', async () => {
    register(labs[0], '/a', registry);
    register('5e7a0003', '/gone', registry);
    writeFileSync(PTY_MAX, `${Number(before) + 1}\n`);
    unregister(labs[0], registry);
    expect(readFileSync(PTY_MAX, 'utf8')).toBe(before);
  });
});
