import { eventually } from '@berth/testing';
import { MIB } from '../conformance/conformance-harness';
import { labEndpoint } from '../testing/lab-hosts';
import { openLxcHarness, type LxcHarness } from './lxc-harness';

jest.setTimeout(900_000);

/** What pre-copied rounds may leave of the time that one pass takes. */
const AT_MOST = 1 / 3;
const ROUNDS = 3;
const fence = { fence: 1 };

/** Holds 200 MB, and writes to 500 of its pages, 1 %, twenty times a second; its file tells how often it has. */
const HOLDER = `use strict;
my $memory = "x" x 200_000_000;
for (my $turn = 1; ; $turn++) {
  substr($memory, 4096 * $_, 1) = chr(97 + $turn % 26) for 0 .. 499;
  open(my $out, ">", "/root/turns") or die; print $out $turn; close $out;
  select(undef, undef, undef, 0.05);
}
`;

let hosts: LxcHarness[];
let id: string;
let migrations = 0;

beforeAll(async () => {
  hosts = await Promise.all([0, 1].map((index) => openLxcHarness('debian-12', index)));
  for (const { runtime, image, open } of hosts) {
    await runtime.prepareHost();
    await runtime.ensureTemplate(image, open);
  }
  const spec = hosts[0]!.newSpec({ limits: { ram_bytes: 512 * MIB, num_proc: 200, disk_bytes: 1024 * MIB } });
  id = spec.id;
  await hosts[0]!.runtime.create(spec, { ...fence, start: true });
  const booted = async () => (await inside(0, 'systemctl is-system-running || :')) === 'running\n';
  await eventually('the end of the boot', booted, { timeoutMs: 120_000, intervalMs: 500 });
  await inside(
    0,
    `cat >/root/holder.pl <<'EOF'\n${HOLDER}EOF
     printf '[Service]\\nExecStart=/usr/bin/perl /root/holder.pl\\n' >/etc/systemd/system/holder.service
     systemctl daemon-reload; systemctl start holder`,
  );
  await eventually('it holds its memory', async () => (await turns(0)) > 10, { timeoutMs: 60_000 });
});
afterAll(async () => {
  for (const host of hosts ?? []) {
    await host.runtime.destroy(id, { fence: 1_000_000 });
    await host.close();
  }
});

async function inside(host: number, line: string): Promise<string> {
  const command = ['sh', '-c', line];
  return (await hosts[host]!.runtime.exec(id, command, { timeoutMs: 60_000 })).stdout;
}
const turns = async (host: number) => Number(await inside(host, 'cat /root/turns 2>/dev/null || echo 0'));

/** Milliseconds for which it stood still, by what both hosts tell. */
async function migrate(from: number, rounds: number): Promise<number> {
  const [source, target] = [hosts[from]!.runtime, hosts[1 - from]!.runtime];
  const m = { migrationId: `p-${process.pid}-${++migrations}` };
  const { address, port, user } = labEndpoint(1 - from);
  const offer = await source.openMigration(id, { ...m, mode: 'live' }, fence);
  const grant = await target.acceptMigration(id, offer, {
    ...fence,
    from: labEndpoint(from).address,
    mode: 'live',
  });
  await source.connectMigration(id, { ...m, peer: { address, port, user }, grant }, fence);
  for (let round = 0; round < 2; round++) await source.sendDisk(id, m, fence);
  for (let round = 1; round <= rounds; round++) {
    const { bytes } = await source.sendMemory(id, m, fence);
    console.info(`round ${round} of memory: ${(bytes / MIB).toFixed(1)} MiB`);
  }
  await target.prepareTakeOver(id, m, fence);
  const before = await turns(from);
  const { stillForMs } = await source.handOver(id, { ...m, mode: 'live' }, fence);
  const began = performance.now();
  const { state, resumedAgoMs } = await target.takeOver(id, m, fence);
  const frozen = stillForMs + performance.now() - began - resumedAgoMs!;
  expect(state).toBe('running');
  await source.dropSource(id, { ...m, forwardTo: address }, fence);
  await target.closeMigration(id, m, fence);
  await eventually('it goes on', async () => (await turns(1 - from)) > before, { timeoutMs: 30_000 });
  return frozen;
}

it('rounds of memory leave less than a third of the time that one pass takes', async () => {
  const onePass = await migrate(0, 0);
  const rounds = await migrate(1, ROUNDS);
  console.info(
    `stood still: ${onePass.toFixed(0)} ms in one pass, ${rounds.toFixed(0)} ms after ${ROUNDS} rounds`,
  );
  expect(rounds / onePass).toBeLessThan(AT_MOST);
});
