import { execFileSync } from 'node:child_process';
import { LineListener } from '@berth/testing';
import { expectCode } from '../conformance/conformance-suite';
import { MIB } from '../conformance/conformance-harness';
import type { ContainerSpec } from '../container-runtime';
import type { MigrationMode } from '../snapshot-and-migration';
import { labEndpoint, labFile } from '../testing/lab-hosts';
import { openLxcHarness } from './lxc-harness';
import type { LxcHarness } from './lxc-harness';

jest.setTimeout(300_000);

const fence = { fence: 1 };
const hosts: LxcHarness[] = [];
const made: string[] = [];
let migrations = 0;

beforeAll(async () => {
  for (const index of [0, 1]) {
    const harness = await openLxcHarness('debian-12', index);
    hosts.push(harness);
    await harness.runtime.prepareHost();
    await harness.runtime.ensureTemplate(harness.image, harness.open);
  }
});
afterEach(async () => {
  for (const id of made.splice(0)) {
    for (const { runtime } of hosts) await runtime.destroy(id, { fence: 1_000_000 });
  }
});
afterAll(() => Promise.all(hosts.map((harness) => harness.close())));

/** Counts in a file, and tells numbered lines to whoever connects; both of one unit of systemd. */
const COUNTER = `[Service]
ExecStart=/bin/bash -c 'n=0; while :; do n=$((n+1)); echo $n >>/root/log; echo $n >/root/count; sleep 0.02; done'
[Install]
WantedBy=multi-user.target
`;
const TALKER = `use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 9000, Listen => 5, ReuseAddr => 1) or die;
$SIG{PIPE} = "IGNORE";
while (my $peer = $server->accept) {
  for (my $n = 1; defined syswrite($peer, "$n\\n"); $n++) { select(undef, undef, undef, 0.01) }
}
`;

async function server(): Promise<ContainerSpec> {
  const { runtime, newSpec } = hosts[0]!;
  const limits = { ram_bytes: 512 * MIB, num_proc: 400, disk_bytes: 1024 * MIB, cpu_limit_percent: 150 };
  const plain = newSpec({ limits });
  const v6 = `${labFile().serverPool6.split('::')[0]}:${(0x6000 + made.length + migrations).toString(16)}::1`;
  const spec = { ...plain, addresses: [...plain.addresses, { address: v6, family: 6 as const, prefix: 64 }] };
  made.push(spec.id);
  await runtime.create(spec, { ...fence, start: true });
  await until(
    'systemd is up',
    async () => (await sh(0, spec.id, 'systemctl is-system-running || :')) === 'running\n',
  );
  const units = `[Service]\nExecStart=/usr/bin/perl /root/talker.pl\n`;
  await sh(
    0,
    spec.id,
    `cat >/root/talker.pl <<'EOF'\n${TALKER}EOF
    cat >/etc/systemd/system/counter.service <<'EOF'\n${COUNTER}EOF
    cat >/etc/systemd/system/talker.service <<'EOF'\n${units}EOF
    systemctl daemon-reload; systemctl start counter talker`,
  );
  return spec;
}

const sh = async (host: number, id: string, line: string) => {
  const { stdout, stderr, exitCode } = await hosts[host]!.runtime.exec(id, ['sh', '-c', line], {
    timeoutMs: 30_000,
  });
  if (exitCode !== 0) throw new Error(`${line}: exit ${exitCode}: ${stderr}`);
  return stdout;
};

async function until(what: string, condition: () => Promise<boolean>, ms = 30_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
}

/** Everything up to and with the hand-over. */
async function handOver(id: string, from: number, mode: MigrationMode) {
  const source = hosts[from]!.runtime;
  const target = hosts[1 - from]!.runtime;
  const migrationId = `m-${process.pid}-${++migrations}`;
  const m = { migrationId };
  const { address, port, user } = labEndpoint(1 - from);
  const offer = await source.openMigration(id, { ...m, mode }, fence);
  const options = { ...fence, from: labEndpoint(from).address, mode };
  const grant = await target.acceptMigration(id, offer, options);
  await source.connectMigration(id, { ...m, peer: { address, port, user }, grant }, fence);
  if (mode !== 'offline') {
    const first = await source.sendDisk(id, m, fence);
    expect(first.round).toBe(1);
    // The template's files are there already.
    expect(first.bytes).toBeLessThan(50 * MIB);
    expect((await source.sendDisk(id, m, fence)).round).toBe(2);
  }
  const begin = performance.now();
  const sent = await source.handOver(id, { ...m, mode, timeoutMs: 30_000 }, fence);
  return { m, source, target, sent, begin, forwardTo: address };
}

async function migrate(id: string, from: number, mode: MigrationMode): Promise<number> {
  const { m, source, target, begin, forwardTo } = await handOver(id, from, mode);
  const { state } = await target.takeOver(id, m, fence);
  const ms = performance.now() - begin;
  expect(state).toBe('running');
  await source.dropSource(id, { ...m, forwardTo }, fence);
  await target.closeMigration(id, m, fence);
  return ms;
}

/** The counter's file holds every number once. */
async function expectWholeLog(host: number, id: string): Promise<number> {
  const out = await sh(
    host,
    id,
    `awk '$1 != NR { print "line " NR " is " $1; exit }' /root/log; wc -l </root/log`,
  );
  expect(out).toMatch(/^\d+\n$/);
  return Number(out);
}

const traces = (host: number, id: string) =>
  hosts[host]!.host(`
    findmnt -rn -o TARGET | grep -w ${id} || true
    btrfs subvolume list -o /var/lib/berth | grep -w ${id} || true
    ls -d /var/lib/berth/containers/${id} /var/lib/berth/arrivals/${id} /run/berth/migrations/${id} 2>/dev/null || true
    ip -o link | grep -w v-${id} || true
    grep -w ${id} /root/.ssh/authorized_keys || true
    find /sys/fs/cgroup -name 'lxc.*.${id}*' || true`);

describe('lxc: migration', () => {
  it('live, there and back: the counter goes on, no line of a stream is lost, limits hold, nothing stays', async () => {
    const { id, addresses } = await server();
    await until(
      'the talker listens',
      async () => (await sh(0, id, 'ss -ltn 2>/dev/null || cat /proc/net/tcp')).match(/:9000|:2328/) !== null,
    );
    const listener = new LineListener(addresses[0]!.address, 9000);
    await listener.more(20);
    const v6 = addresses[1]!.address;
    const before = (await hosts[0]!.runtime.beancounters(id)).beancounters.find(
      (one) => one.resource === 'cputime',
    )!;
    let count = await expectWholeLog(0, id);
    for (const from of [0, 1]) {
      execFileSync('ping', ['-6', '-c', '1', '-W', '2', v6]);
      const ms = await migrate(id, from, 'live');
      console.info(`live from host ${from}: ${ms.toFixed(0)} ms from hand-over to the end of take-over`);
      const to = 1 - from;
      expect(await traces(from, id)).toBe('');
      expect(await hosts[from]!.runtime.inspect(id)).toBeNull();
      await listener.more(50);
      // Neighbours who knew it at the former host have been told.
      execFileSync('ping', ['-6', '-c', '1', '-W', '1', v6]);
      expect(await sh(to, id, 'systemctl is-system-running')).toBe('running\n');
      const now = await expectWholeLog(to, id);
      expect(now).toBeGreaterThan(count);
      count = now;
    }
    console.info(`longest gap in the stream: ${listener.longestGapMs.toFixed(0)} ms`);
    expect(listener.broken).toBeNull();
    listener.end();
    const after = (await hosts[0]!.runtime.beancounters(id)).beancounters.find(
      (one) => one.resource === 'cputime',
    )!;
    expect(after.held).toBeGreaterThan(before.held);
    expect((await hosts[0]!.runtime.inspect(id))?.limits).toMatchObject({
      num_proc: 400,
      cpu_limit_percent: 150,
    });
    expect(
      await hosts[0]!.host(`cat /sys/fs/cgroup/{pids,.}/lxc.payload.${id}/pids.max 2>/dev/null || true`),
    ).toBe('400\n');
    // LXC's monitor of a restored container does not see to this.
    const { pid } = (await hosts[0]!.runtime.inspect(id))!;
    await hosts[0]!.runtime.exec(id, ['reboot'], { timeoutMs: 5000 });
    await until('it has rebooted', async () => {
      const detail = await hosts[0]!.runtime.inspect(id);
      expect(detail?.state).toBe('running');
      return typeof detail?.pid === 'number' && detail.pid !== pid;
    });
  });

  it.each(['near_live', 'offline'] as const)(
    '%s: stopped there, started here, snapshots come along',
    async (mode) => {
      const { id } = await server();
      await hosts[0]!.runtime.createSnapshot(id, 'before', fence);
      await sh(0, id, 'echo later >/root/later; sync');
      const ms = await migrate(id, 0, mode);
      console.info(`${mode}: ${ms.toFixed(0)} ms from hand-over to the end of take-over`);
      expect(await traces(0, id)).toBe('');
      expect(await sh(1, id, 'cat /root/later')).toBe('later\n');
      expect((await hosts[1]!.runtime.listSnapshots(id)).map((one) => one.id)).toEqual(['before']);
      await hosts[1]!.runtime.rollbackSnapshot(id, 'before', fence);
      expect(await sh(1, id, 'cat /root/later 2>/dev/null || echo gone')).toBe('gone\n');
    },
  );

  it('goes on at the source where the target cannot restore it, and is then migrated all the same', async () => {
    const { id } = await server();
    const { m, source, target } = await handOver(id, 0, 'live');
    await expectCode(source.start(id, fence), 'in_migration');
    await expectCode(source.unfreeze(id, fence), 'in_migration');
    await hosts[1]!.host(`rm /run/berth/arrivals/${id}/images/pstree.img`);
    await expectCode(target.takeOver(id, m, fence), 'restore_failed');
    expect(await target.rejectMigration(id, m, fence)).toBe('removed');
    expect(await source.resumeSource(id, m, fence)).toBe('running');
    const count = await expectWholeLog(0, id);
    await until('the counter goes on', async () => (await expectWholeLog(0, id)) > count);
    expect(await traces(1, id)).toBe('');
    await migrate(id, 0, 'live');
    expect(await expectWholeLog(1, id)).toBeGreaterThan(count);
  });

  it('finds out afterwards who has it: rejected or taken over, never both', async () => {
    const { id } = await server();
    const first = await handOver(id, 0, 'live');
    expect(await first.target.rejectMigration(id, first.m, fence)).toBe('removed');
    await expectCode(first.target.takeOver(id, first.m, fence), 'not_found');
    await first.source.resumeSource(id, first.m, fence);
    const second = await handOver(id, 0, 'live');
    await second.target.takeOver(id, second.m, fence);
    expect(await second.target.rejectMigration(id, second.m, fence)).toBe('taken_over');
    expect((await second.target.takeOver(id, second.m, fence)).state).toBe('running');
    await second.source.dropSource(id, { ...second.m, forwardTo: second.forwardTo }, fence);
    expect(await expectWholeLog(1, id)).toBeGreaterThan(0);
  });

  it.each([
    ['its seal empty, since it was not on the disk yet', (seal: string) => `: >${seal}`],
    ['its seal of another boot', (seal: string) => `echo "1 $(cat /proc/sys/kernel/random/uuid)" >${seal}`],
  ])(
    'is not started from what came before a power loss of the target, %s: it goes on at the source',
    async (_what, damage) => {
      const { id } = await server();
      const { m, source, target } = await handOver(id, 0, 'near_live');
      await hosts[1]!.host(damage(`/var/lib/berth/arrivals/${id}/sealed`));
      await expect(target.takeOver(id, m, fence)).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringContaining('has lost its power'),
      });
      expect(await target.rejectMigration(id, m, fence)).toBe('removed');
      expect(await source.resumeSource(id, m, fence)).toBe('running');
      expect(await traces(1, id)).toBe('');
    },
  );

  it('comes back to a host that still has what it left there, as after a power loss that took its removal back', async () => {
    const { id } = await server();
    const { m, target } = await handOver(id, 0, 'live');
    await target.takeOver(id, m, fence);
    await target.closeMigration(id, m, fence);
    const count = await expectWholeLog(1, id);
    await migrate(id, 1, 'live');
    expect(await expectWholeLog(0, id)).toBeGreaterThan(count);
    expect(await traces(1, id)).toBe('');
  });

  it('gives the target away to nobody else: its key runs one command, from one address', async () => {
    const { id } = await server();
    const { m, source, target } = await handOver(id, 0, 'live');
    const attempt = (words: string) =>
      hosts[0]!.host(`cd /run/berth/migrations/${id}; read -r address port user <peer
        ssh -q -F none -i key -p $port -o BatchMode=yes -o UserKnownHostsFile=known_hosts $user@$address ${words} 2>&1 || echo "exit $?"`);
    expect(await attempt('ping')).toBe('here\n');
    expect(await attempt('cat /etc/shadow')).toContain('exit 70');
    expect(await attempt("'disk round ../../x'")).toContain('exit 70');
    expect(await hosts[1]!.host(`grep -w ${id} /root/.ssh/authorized_keys`)).toMatch(
      new RegExp(`^restrict,from="${labEndpoint(0).address}",command="`),
    );
    await target.rejectMigration(id, m, fence);
    expect(await attempt('ping')).toContain('exit 255');
    await source.resumeSource(id, m, fence);
  });
});
