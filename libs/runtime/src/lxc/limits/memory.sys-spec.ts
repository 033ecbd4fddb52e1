import { MIB } from '../../conformance/conformance-harness';
import { useLoadKit } from './load-kit';

const kit = useLoadKit();
const attempt = (id: string, line: string) =>
  kit().runtime.exec(id, ['sh', '-c', line], { timeoutMs: 120_000 });

describe('lxc: memory and processes under load', () => {
  it('a server that takes more memory than it has is stopped by its own limit; its neighbour does not notice', async () => {
    const limits = { ram_bytes: 48 * MIB, swap_bytes: 0, num_proc: 100 };
    const [greedy, neighbour] = [await kit().started({ limits }), await kit().started({ limits })];
    await kit().background(neighbour.id, 'sleep 1000');
    const before = await kit().counters(neighbour.id);
    const hog = await attempt(greedy.id, 'dd if=/dev/zero of=/dev/null bs=200M count=1');
    expect(hog.exitCode).not.toBe(0);
    const [mine, theirs] = [await kit().counters(greedy.id), await kit().counters(neighbour.id)];
    expect(mine.physpages.failcnt).toBeGreaterThan(0);
    expect(mine.physpages.maxheld).toBeLessThanOrEqual((48 * MIB) / 4096);
    expect(theirs.physpages.failcnt).toBe(before.physpages.failcnt);
    expect(await kit().inside(neighbour.id, "ps | grep -c '[s]leep 1000'")).toMatch(/^[12]\n/);
    expect((await kit().runtime.inspect(greedy.id))?.state).toBe('running');
    expect(await kit().inside(greedy.id, 'echo alive')).toBe('alive\n');
  });

  it('a fork bomb stops at num_proc, and the neighbour forks on', async () => {
    const limits = { ram_bytes: 128 * MIB, num_proc: 40, cpu_limit_percent: 50 };
    const [bomber, neighbour] = [await kit().started({ limits }), await kit().started({ limits })];
    await kit().background(bomber.id, 'bomb() { bomb | bomb & }; bomb; sleep 1000');
    await kit().until('it has hit its limit', async () => {
      const usage = (await kit().runtime.usage()).find(({ id }) => id === bomber.id)!;
      return usage.beancounters.find(({ resource }) => resource === 'numproc')!.failcnt > 0;
    });
    expect((await kit().counters(bomber.id)).numproc.maxheld).toBeLessThanOrEqual(40);
    expect(await kit().inside(neighbour.id, 'for i in 1 2 3 4 5; do (echo $i); done')).toBe(
      '1\n2\n3\n4\n5\n',
    );
    expect((await kit().counters(neighbour.id)).numproc.failcnt).toBe(0);
    await kit().runtime.kill(bomber.id, { fence: 2 });
    expect((await kit().runtime.inspect(bomber.id))?.state).toBe('stopped');
  });

  it('shows a server its own memory and swap', async () => {
    const { id } = await kit().started({ limits: { ram_bytes: 64 * MIB, swap_bytes: 0 } });
    expect(await kit().inside(id, 'cat /proc/meminfo')).toMatch(
      /^MemTotal: +65536 kB[\s\S]*^SwapTotal: +0 kB/m,
    );
    await kit().runtime.applyLimits(id, { ram_bytes: 96 * MIB }, { fence: 2 });
    expect(await kit().inside(id, 'cat /proc/meminfo')).toMatch(/^MemTotal: +98304 kB/);
  });

  it('a guarantee keeps a server its cache where others press (cgroup v2)', async () => {
    const { cgroup, ramBytes } = await kit().runtime.inspectHost();
    // On a machine of many gigabytes pressing would take minutes, and v1 has no more than a hint.
    if (cgroup !== 'v2' || ramBytes > 4096 * MIB) return;
    const size = 64;
    const sparse = (mib: number) =>
      `dd if=/dev/zero of=/big bs=1M seek=${mib} count=0 && cat /big >/dev/null`;
    const limits = { num_proc: 100 };
    const safe = await kit().started({ limits: { ...limits, ram_guarantee_bytes: 128 * MIB } });
    const plain = await kit().started({ limits });
    for (const { id } of [safe, plain]) await kit().inside(id, sparse(size));
    const presser = await kit().started({ limits });
    await attempt(presser.id, sparse(Math.ceil((ramBytes / MIB) * 2)));
    const cache = async (id: string) =>
      Number(
        await kit().host(`awk '$1 == "file" { print $2 }' /sys/fs/cgroup/lxc.payload.${id}/memory.stat`),
      );
    expect(await cache(safe.id)).toBeGreaterThan(size * MIB * 0.9);
    expect(await cache(plain.id)).toBeLessThan(size * MIB * 0.6);
  });
});
