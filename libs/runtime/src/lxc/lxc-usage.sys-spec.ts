import type { Beancounter, BeancounterResource } from '@berth/contracts';
import { MIB } from '../conformance/conformance-harness';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();
const SUMS: BeancounterResource[] = ['cputime', 'ioread', 'iowrite', 'netin', 'netout'];

const counters = async (id: string) => {
  const { beancounters } = await kit().runtime.beancounters(id);
  return Object.fromEntries(beancounters.map((one) => [one.resource, one])) as Record<
    BeancounterResource,
    Beancounter
  >;
};
const attempt = (id: string, line: string) =>
  kit().runtime.exec(id, ['sh', '-c', line], { timeoutMs: 60_000 });

describe('lxc: usage', () => {
  it('counts what a container does', async () => {
    const { id, addresses } = await kit().started({ limits: { ram_bytes: 64 * MIB, num_proc: 60 } });
    const before = await counters(id);
    await kit().inside(id, 'dd if=/dev/zero of=/file bs=1M count=16 conv=fsync');
    await kit().inside(id, 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done');
    await kit().host(`ping -q -c 5 -i 0.01 -s 1000 ${addresses[0]!.address}`);
    const after = await counters(id);
    expect(after.iowrite.held - before.iowrite.held).toBeGreaterThanOrEqual(16 * MIB);
    expect(after.iowrite.held - before.iowrite.held).toBeLessThan(20 * MIB);
    expect(after.diskspace.held - before.diskspace.held).toBeGreaterThanOrEqual(16 * MIB);
    expect(after.cputime.held - before.cputime.held).toBeGreaterThan(5000);
    expect(after.netin.held - before.netin.held).toBeGreaterThanOrEqual(5000);
    expect(after.netout.held - before.netout.held).toBeGreaterThanOrEqual(5000);
    expect(after.physpages).toMatchObject({ unit: 'pages', limit: 16384, barrier: 16384 });
    expect(after.physpages.maxheld).toBeGreaterThanOrEqual(after.physpages.held);
    expect(after.numproc).toMatchObject({ limit: 60, failcnt: 0 });
    expect(after.numproc.maxheld).toBeGreaterThanOrEqual(after.numproc.held);
    expect(after.kmemsize.held).toBeGreaterThan(0);
  });

  it('counts every hit of a limit', async () => {
    const { id } = await kit().started({
      limits: { ram_bytes: 32 * MIB, swap_bytes: 0, num_proc: 20, disk_bytes: 30 * MIB },
    });
    await attempt(id, 'for i in $(seq 40); do sleep 1 & done; wait');
    await attempt(id, 'dd if=/dev/zero of=/dev/null bs=64M count=1');
    await attempt(id, 'dd if=/dev/zero of=/full bs=1M count=60 conv=fsync');
    const after = await counters(id);
    expect(after.numproc.failcnt).toBeGreaterThan(0);
    expect(after.numproc.maxheld).toBe(20);
    expect(after.physpages.failcnt).toBeGreaterThan(0);
    expect(after.physpages.maxheld).toBeLessThanOrEqual(8192);
    expect(after.diskspace.failcnt).toBe(1);
    expect((await counters(id)).diskspace.failcnt).toBe(1);
    expect(after.diskspace.held).toBeLessThanOrEqual(30 * MIB);
  });

  it('goes on over stops, kills and reboots from inside', async () => {
    const { id } = await kit().started();
    const { runtime } = kit();
    const seen = [await runtime.beancounters(id)];
    const boots = new Set([seen[0]!.boot]);
    for (const end of ['stop', 'kill', 'reboot'] as const) {
      // Unseen by any sample before the end.
      await kit().inside(id, `dd if=/dev/zero of=/${end} bs=1M count=8 conv=fsync`);
      const old = (await runtime.inspect(id))?.pid;
      if (end === 'reboot') {
        await attempt(id, 'reboot -f');
        await kit().until('init is another', async () => {
          const pid = (await runtime.inspect(id))?.pid;
          return Boolean(pid) && pid !== old;
        });
      } else {
        await runtime[end](id, { fence: 2, timeoutMs: 10_000 });
        seen.push(await runtime.beancounters(id));
        expect(seen.at(-1)).toMatchObject({ state: 'stopped', boot: null, uptimeSeconds: null });
        await runtime.start(id, { fence: 2 });
      }
      seen.push(await runtime.beancounters(id));
      boots.add(seen.at(-1)!.boot);
    }
    expect(boots.size).toBe(4);
    for (const resource of SUMS) {
      const sums = seen.map(
        ({ beancounters }) => beancounters.find((one) => one.resource === resource)!.held,
      );
      expect(sums).toEqual([...sums].sort((a, b) => a - b));
    }
    const writes = seen.map(
      ({ beancounters }) => beancounters.find((one) => one.resource === 'iowrite')!.held,
    );
    expect(writes.at(-1)! - writes[0]!).toBeGreaterThanOrEqual(24 * MIB);
  });

  it('shows a server its own counters, in the format of OpenVZ, and lets it change nothing', async () => {
    const { id } = await kit().started({ limits: { ram_bytes: 64 * MIB, num_proc: 44 } });
    await kit().runtime.usage();
    const file = '/var/lib/berth/user_beancounters';
    const lines = (await kit().inside(id, `cat ${file}`)).trimEnd().split('\n');
    expect(lines[0]).toBe('Version: 2.5');
    expect(lines[1]!.trim().split(/ +/)).toEqual(
      'uid resource held maxheld barrier limit failcnt'.split(' '),
    );
    expect(lines[2]).toMatch(new RegExp(`^ *${id.slice(2)}: `));
    const rows = lines.slice(2).map((line) => line.replace(/^.*?:/, '').trim().split(/ +/));
    expect(rows.find(([name]) => name === 'numproc')?.slice(3)).toEqual(['44', '44', '0']);
    expect(rows.find(([name]) => name === 'physpages')?.slice(3)).toEqual(['16384', '16384', '0']);
    expect(rows.find(([name]) => name === 'cputime')?.[4]).toBe('9223372036854775807');
    expect((await attempt(id, `echo x >${file}`)).exitCode).not.toBe(0);
    expect((await attempt(id, `rm ${file}`)).exitCode).not.toBe(0);
  });

  it('tells of all containers of a host at once', async () => {
    const [one, two] = [await kit().started(), await kit().created()];
    const usage = await kit().runtime.usage();
    const states = Object.fromEntries(usage.map(({ id, state }) => [id, state]));
    expect(states).toMatchObject({ [one.id]: 'running', [two.id]: 'stopped' });
    for (const { at } of usage) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  });
});
