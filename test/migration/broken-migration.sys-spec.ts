import type { ServerEntity } from '@berth/database';
import { containerIdOf, operationPlans } from '@berth/domain';
import { eventually, patience } from '@berth/testing';
import { TwoHosts, type MigrationView } from './two-hosts';

jest.setTimeout(180_000 * patience);

const moments = operationPlans.migrate_server.steps.flatMap(({ name }) => [
  `migrate_server.${name}:before`,
  `migrate_server.${name}:after`,
]);
const after = (step: string) => `migrate_server.${step}:after`;

/** Counts in a file for as long as it runs. */
const COUNT = 'n=0; while :; do n=$((n+1)); echo $n >>/root/log; sleep 0.05; done';
const FILES = `mkdir -p /root/data; for n in 1 2 3 4 5 6 7 8; do head -c 300000 /dev/urandom >/root/data/$n; done; chmod 4755 /root/data/1; (cd /root/data; sha256sum ? >sums); sync`;

/** All of a pool's room for data, without writing any of it. Metadata gets some first, which btrfs needs to make room again. */
const FILL = `mkdir -p /var/lib/berth/fill/small; cd /var/lib/berth/fill/small; head -c 60000000 /dev/zero | split -a 4 -b 2000 -; sync
  n=0; size=8589934592
  while [ $size -ge 1048576 ]; do fallocate -l $size /var/lib/berth/fill/$((n += 1)) 2>/dev/null || { sync; size=$((size / 2)); }; done; sync`;

let two: TwoHosts;
/** One for all tests: each leaves it running, somewhere. */
let server: ServerEntity;

beforeAll(async () => {
  two = await TwoHosts.open();
  const worker = await two.platform.worker();
  server = await two.ordered();
  await two.inside(server, FILES);
  await worker.stop();
});
/** What a test broke and did not come to mend is no trouble of the next one's. */
afterEach(async () => {
  await two.platform.killWorkers();
  for (const hostId of two.hostIds) {
    await two.platform.lab.start(two.platform.labNameOf(hostId));
    await two.on(
      hostId,
      'nft delete table inet cut 2>/dev/null; rm -f /usr/local/sbin/criu; [ ! -d /var/lib/berth/fill ] || { rm -r /var/lib/berth/fill; btrfs -q balance start -dusage=0 /var/lib/berth; }',
    );
  }
  const worker = await two.platform.worker();
  const isIdle = async () => (await two.platform.held()).unfinished === 0;
  await eventually('the end of all operations', isIdle, { timeoutMs: 120_000, intervalMs: 100 });
  await worker.stop();
});
afterAll(async () => {
  await two?.platform.worker();
  if (server) await two.remove(server);
  await two?.close();
});

/** From 1, as the only one; without anything of the host's that would hinder a checkpoint. */
async function count(): Promise<void> {
  await two.inside(server, `ps | grep '[c]ount.sh' | awk '{ print $1 }' | xargs -r kill -9`);
  await two.inside(server, `rm -f /root/log; echo '${COUNT}' >/root/count.sh`);
  await two.inside(server, 'setsid sh /root/count.sh </dev/null >/dev/null 2>&1 &');
  await eventually('the counter', async () => (await two.inside(server, 'ls /root/log || :')) !== '');
}

const whereItIs = async () => (await two.platform.server(server.id)).hostId;
/** Lines of the counter's file; fails unless it holds every number once. */
async function wholeCount(): Promise<number> {
  const out = await two.inside(
    server,
    `awk '$1 != NR { print "line " NR " is " $1; exit }' /root/log; wc -l </root/log`,
  );
  expect(out).toMatch(/^\d+$/);
  return Number(out);
}

/** The same by the host, which can tell of a frozen one too. */
const countedOn = async (hostId: string) => {
  const log = `/var/lib/berth/containers/${containerIdOf(server.number)}/rootfs/root/log`;
  return Number(await two.on(hostId, `wc -l <${log}`));
};

/** It runs on this host and nowhere else; its files are what they were; the other host has nothing of it. */
async function expectOnlyOn(hostId: string): Promise<void> {
  const there = two.awayFrom(hostId);
  await eventually(
    'running where it is said to be',
    async () => (await two.stateOn(hostId, server)) === 'running',
  );
  expect(await two.stateOn(there, server)).toBeNull();
  expect(await two.platform.server(server.id)).toMatchObject({ hostId, status: 'running' });
  expect(await two.inside(server, 'cd /root/data; sha256sum -c sums 2>&1 | grep -v OK; stat -c %a 1')).toBe(
    '4755',
  );
  await eventually('nothing on the other host', async () => {
    const left = await two.tracesOn(there, server);
    if (left.length > 0)
      throw new Error(left.join('\n') + JSON.stringify(await two.operator.ask('GET', '/v1/drift')));
    return true;
  });
  expect(
    await two.on(there, `grep -c ${containerIdOf(server.number)} /root/.ssh/authorized_keys || true`),
  ).toBe('0\n');
  expect(await two.platform.held()).toMatchObject({ servers: 1, unfinished: 0 });
}

/** Its processes were never ended: they still count, and no number is missing. */
async function expectCounting(): Promise<void> {
  const before = await wholeCount();
  await eventually('the counter goes on', async () => (await wholeCount()) > before);
}

/** A migration whose worker ends itself there; `meanwhile` happens before the next worker comes. */
async function brokenAt(
  fault: string,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<string> {
  const first = await two.platform.worker(fault);
  await count();
  const operation = await two.ask(server, 'live');
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
  await meanwhile();
  await two.platform.worker();
  return operation;
}

/** What an operator reads of it. */
function wordsOf({ error, steps }: MigrationView): string {
  const ofSteps = steps.flatMap(({ error: one }) => (one as { message: string } | null)?.message ?? []);
  const words = [error?.message, ...ofSteps].filter(Boolean).join('\n');
  console.info(words);
  return words;
}

describe('kill -9 of the worker', () => {
  it.each(moments)('at %s: it arrives, once, and never stopped', async (fault) => {
    const source = await whereItIs();
    const operation = await brokenAt(fault);
    expect(await two.ended(operation)).toMatchObject({ status: 'succeeded', error: null });
    await expectOnlyOn(two.awayFrom(source));
    await expectCounting();
  });

  it.each([60, 190, 320, 450, 610, 800])('after %d ms: it arrives, once', async (ms) => {
    const source = await whereItIs();
    const first = await two.platform.worker();
    await count();
    const operation = await two.ask(server, 'live');
    await new Promise((done) => setTimeout(done, ms * patience));
    await first.kill();
    await two.platform.worker();
    expect(await two.ended(operation)).toMatchObject({ status: 'succeeded', error: null });
    await expectOnlyOn(two.awayFrom(source));
    await expectCounting();
  });
});

describe('the network between the hosts', () => {
  const cut = async (hostId: string) => {
    const { address } = await two.platform.host(two.awayFrom(hostId));
    await two.on(
      hostId,
      `nft 'add table inet cut; add chain inet cut out { type filter hook output priority 0; }; add rule inet cut out ip daddr ${address} drop'`,
    );
  };
  const mend = (hostId: string) => two.on(hostId, 'nft delete table inet cut');

  it('cut while the disk is copied: the server runs on, and the migration goes on when it is back', async () => {
    const source = await whereItIs();
    const operation = await brokenAt(after('connect_migration'), () => cut(source));
    const failed = () =>
      two.operator
        .ask<{ operation: MigrationView }>('GET', `/v1/operations/${operation}`)
        .then(({ operation: view }) => (wordsOfSteps(view).match(/did not|does not answer/) ? view : null));
    await eventually('the cut noticed', failed, { timeoutMs: 60_000, intervalMs: 200 });
    expect(await two.stateOn(source, server)).toBe('running');
    await mend(source);
    expect(await two.ended(operation)).toMatchObject({ status: 'succeeded' });
    await expectOnlyOn(two.awayFrom(source));
    await expectCounting();
  });

  it('cut while it stands still: it goes on at its source within seconds, and moves when it is back', async () => {
    const source = await whereItIs();
    const target = await two.platform.host(two.awayFrom(source));
    // Just as its memory is written down.
    await two.on(
      source,
      `cat >/usr/local/sbin/criu <<'EOF'
#!/bin/sh
[ "$1" = dump ] || exec /usr/sbin/criu "$@"
rm "$0"
nft 'add table inet cut; add chain inet cut out { type filter hook output priority 0; }; add rule inet cut out ip daddr ${target.address} drop'
touch /run/cut
exec /usr/sbin/criu "$@"
EOF
      chmod +x /usr/local/sbin/criu`,
    );
    await two.platform.worker();
    await count();
    const operation = await two.ask(server, 'live');
    await eventually(
      'the cut',
      () =>
        two.on(source, 'rm /run/cut').then(
          () => true,
          () => false,
        ),
      { timeoutMs: 30_000 },
    );
    const cutAt = Date.now();
    const before = await countedOn(source);
    await eventually('it goes on', async () => (await countedOn(source)) > before, { timeoutMs: 30_000 });
    console.info(`stood still for ${Date.now() - cutAt} ms after the cut`);
    expect(Date.now() - cutAt).toBeLessThan(15_000 * patience);
    await expectCounting();
    await mend(source);
    expect(await two.ended(operation)).toMatchObject({ status: 'succeeded' });
    await expectOnlyOn(two.awayFrom(source));
    await expectCounting();
  });

  const wordsOfSteps = ({ steps }: MigrationView) => JSON.stringify(steps.map(({ error }) => error));
});

describe('a target that can not have it', () => {
  it('runs out of room: the server runs on at its source, nothing stays, and the operation says so', async () => {
    const source = await whereItIs();
    const target = two.awayFrom(source);
    const operation = await brokenAt(after('connect_migration'), async () => {
      await two.on(target, FILL);
      await two.on(
        source,
        `lxc-attach -P /var/lib/berth/containers -n ${containerIdOf(server.number)} -- sh -c 'head -c 60000000 /dev/urandom >/root/big; sync'`,
      );
    });
    const ended = await two.ended(operation);
    await two.on(target, 'rm -r /var/lib/berth/fill; btrfs -q balance start -dusage=0 /var/lib/berth');
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'no_space' } });
    expect(wordsOf(ended)).toMatch(/: its pool is full|it has \d+ bytes free, and \d+ are to come/);
    await expectOnlyOn(source);
    await expectCounting();
    await two.inside(server, 'rm /root/big');
  });

  it('fails to restore it: the server goes on at its source, and can be moved afterwards', async () => {
    const source = await whereItIs();
    const target = two.awayFrom(source);
    await two.on(
      target,
      `printf '#!/bin/sh\\n[ "$1" != restore ] || { rm "$0"; echo "Error: this kernel has no such thing" >&2; exit 1; }\\nexec /usr/sbin/criu "$@"\\n' >/usr/local/sbin/criu; chmod +x /usr/local/sbin/criu`,
    );
    await two.platform.worker();
    await count();
    const ended = await two.ended(await two.ask(server, 'live'));
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'restore_failed', step: 'take_over' } });
    expect(wordsOf(ended)).toMatch(/could not take the server over.*It goes on at/s);
    await expectOnlyOn(source);
    await expectCounting();
    expect(await two.ended(await two.ask(server, 'live'))).toMatchObject({ status: 'succeeded' });
    await expectOnlyOn(target);
    await expectCounting();
  });
});

describe('a host that loses its power', () => {
  const crash = (hostId: string) => two.platform.lab.crash(two.platform.labNameOf(hostId));
  const start = (hostId: string) => two.platform.lab.start(two.platform.labNameOf(hostId));

  it.each(['accept_migration', 'copy_disk', 'hand_over'])(
    'the target, after %s: the server is at its source within seconds, without a word of it',
    async (step) => {
      const source = await whereItIs();
      const target = two.awayFrom(source);
      const operation = await brokenAt(after(step), () => crash(target));
      await eventually(
        'it runs at the source',
        async () => {
          if ((await two.stateOn(source, server)) === 'running') return true;
          throw new Error(JSON.stringify(await two.operator.ask('GET', `/v1/operations/${operation}`)));
        },
        { timeoutMs: 20_000 },
      );
      await expectCounting();
      await start(target);
      const ended = await two.ended(operation, 100_000);
      // What the target was not told is told it by the next migration, or by the end of this one.
      await two.bothReachable();
      if (ended.status === 'succeeded') {
        await expectOnlyOn(target);
      } else {
        expect(wordsOf(ended)).toMatch(/host-/);
        expect(await two.stateOn(source, server)).toBe('running');
        await expectSettled(source);
      }
    },
  );

  it('the target, while it restores: nobody runs it until it can be told, and then one does', async () => {
    const source = await whereItIs();
    const target = two.awayFrom(source);
    await two.on(
      target,
      `printf '#!/bin/sh\\n[ "$1" != restore ] || { rm "$0"; touch /var/lib/berth/restoring; sleep 60; }\\nexec /usr/sbin/criu "$@"\\n' >/usr/local/sbin/criu; chmod +x /usr/local/sbin/criu`,
    );
    await two.platform.worker();
    await count();
    const operation = await two.ask(server, 'live');
    await eventually(
      'restoring',
      () =>
        two.on(target, 'rm /var/lib/berth/restoring').then(
          () => true,
          () => false,
        ),
      { timeoutMs: 30_000 },
    );
    await crash(target);
    expect(await two.stateOn(source, server)).toBe('frozen');
    await start(target);
    const ended = await two.ended(operation, 150_000);
    expect(ended).toMatchObject({ status: 'failed', error: { step: 'take_over' } });
    expect(wordsOf(ended)).toMatch(/lost its power/);
    await two.bothReachable();
    await expectOnlyOn(source);
    await expectCounting();
  });

  it.each(['copy_disk', 'hand_over'])(
    'the source, after %s: one runs it in the end, with its files',
    async (step) => {
      const source = await whereItIs();
      const operation = await brokenAt(after(step), () => crash(source));
      await start(source);
      const ended = await two.ended(operation, 150_000);
      await two.bothReachable();
      await expectSettled(ended.status === 'succeeded' ? two.awayFrom(source) : source);
    },
  );

  it('the source, after take_over: the server is free at its target, and what was left is removed later', async () => {
    const source = await whereItIs();
    const target = two.awayFrom(source);
    const operation = await brokenAt(after('take_over'), () => crash(source));
    const ended = await two.ended(operation);
    expect(ended).toMatchObject({ status: 'succeeded' });
    await expectCounting();
    const { source_left_to: leftTo } = ended.result as unknown as { source_left_to: string };
    await start(source);
    expect(await two.ended(leftTo)).toMatchObject({ status: 'succeeded' });
    await two.bothReachable();
    await expectOnlyOn(target);
    await expectCounting();
  });

  /** After a boot, when its recovery has come to its end. */
  async function expectSettled(hostId: string): Promise<void> {
    await eventually(
      'it runs, and nothing is under way',
      async () =>
        (await two.platform.held()).unfinished === 0 && (await two.stateOn(hostId, server)) === 'running',
      { timeoutMs: 30_000, intervalMs: 200 },
    );
    await expectOnlyOn(hostId);
  }
});
