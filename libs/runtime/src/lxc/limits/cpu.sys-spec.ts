import { useLoadKit } from './load-kit';

const kit = useLoadKit();
const SPIN = 'while :; do :; done';
/** Enough weight to get what the limit leaves, whatever else this machine does. */
const HEAVY = { cpu_units: 500_000 };

describe('lxc: processor time under load', () => {
  it('goes 1 : 3 to 1000 and 3000 units on one CPU, and 3 : 1 within 2 s of a change', async () => {
    const limits = { cpu_mask: '0', num_proc: 100 };
    const light = await kit().started({ limits: { ...limits, cpu_units: 1000 } });
    const heavy = await kit().started({ limits: { ...limits, cpu_units: 3000 } });
    for (const { id } of [light, heavy]) await kit().background(id, SPIN);
    const ratio = async (ms: number) => {
      const window = await kit().window(ms);
      return window.of(heavy.id, 'cputime') / window.of(light.id, 'cputime');
    };
    expect((await kit().settle(2.7, 3.3, () => ratio(3000))).at(-1)).toBeGreaterThanOrEqual(2.7);
    expect((await kit().settle(2.7, 3.3, () => ratio(3000))).at(-1)).toBeLessThanOrEqual(3.3);
    await kit().runtime.applyLimits(light.id, { cpu_units: 3000 }, { fence: 2 });
    await kit().runtime.applyLimits(heavy.id, { cpu_units: 1000 }, { fence: 2 });
    const changed = await ratio(2000);
    expect(changed).toBeGreaterThan(0.25);
    expect(changed).toBeLessThan(0.45);
  });

  it('is 25 % of a CPU with that limit, and 50 % within 2 s of a change', async () => {
    const { id } = await kit().started({ limits: { ...HEAVY, cpu_limit_percent: 25, num_proc: 100 } });
    await kit().background(id, SPIN);
    await kit().background(id, SPIN);
    const percent = async (ms: number) => {
      const window = await kit().window(ms);
      return window.of(id, 'cputime') / window.seconds / 10_000;
    };
    const quarter = await kit().settle(22, 28, () => percent(4000));
    expect(quarter.at(-1)).toBeGreaterThanOrEqual(22);
    expect(Math.max(...quarter)).toBeLessThanOrEqual(28);
    await kit().runtime.applyLimits(id, { cpu_limit_percent: 50 }, { fence: 2 });
    const half = await percent(2000);
    expect(half).toBeGreaterThan(35);
    expect(half).toBeLessThanOrEqual(56);
    expect((await kit().counters(id)).cputime.failcnt).toBeGreaterThan(10);
  });

  it('is on the CPUs of the mask only', async () => {
    const { id } = await kit().started({ limits: { cpu_mask: '0', num_proc: 100 } });
    const allowed = () => kit().inside(id, "awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status");
    expect(await allowed()).toBe('0\n');
    expect(await kit().inside(id, "grep -c '^processor' /proc/cpuinfo")).toBe('1\n');
    const { cpus } = await kit().runtime.inspectHost();
    if (cpus < 2) return;
    await kit().runtime.applyLimits(id, { cpu_mask: '1' }, { fence: 2 });
    expect(await allowed()).toBe('1\n');
    await kit().runtime.applyLimits(id, { cpu_mask: null }, { fence: 2 });
    expect(await kit().inside(id, "grep -c '^processor' /proc/cpuinfo")).toBe(`${cpus}\n`);
  });

  it('shows a server as many CPUs as it has', async () => {
    const { cpus, cgroup } = await kit().runtime.inspectHost();
    const { id } = await kit().started({ limits: { cpus: 1 } });
    // lxcfs keeps /proc/stat to them on cgroup v1 only.
    const other = cgroup === 'v1' ? '; grep -c "^cpu[0-9]" /proc/stat' : '';
    const seen = () => kit().inside(id, `grep -c ^processor /proc/cpuinfo${other}`);
    expect(await seen()).toBe(other ? '1\n1\n' : '1\n');
    await kit().runtime.applyLimits(id, { cpus: null }, { fence: 2 });
    expect(await seen()).toBe(other ? `${cpus}\n${cpus}\n` : `${cpus}\n`);
  });
});
