import { execFileSync } from 'node:child_process';
import { expectCode } from '../conformance/conformance-suite';
import { labFile } from '../testing/lab-hosts';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();

const stateOf = async (id: string) =>
  (await kit().runtime.snapshotHost()).containers.find((one) => one.id === id)?.state ?? null;

/** Whatever a container may leave on its host. Quota groups are taken away a little later. */
const traces = (id: string) =>
  kit().host(`
    findmnt -rn -o TARGET | grep -w ${id} || true
    btrfs subvolume list -o /var/lib/berth | grep -w ${id} || true
    ls -d /var/lib/berth/containers/${id} /run/berth/roots/${id} /run/berth/state/${id}.pid 2>/dev/null || true
    ip -o link | grep -w v-${id} || true
    ip route | grep -w v-${id} || true
    ip -6 route | grep -w v-${id} || true
    nft list table inet berth | grep -w v-${id} || true
    find /sys/fs/cgroup -name 'lxc.*.${id}*' || true`);

describe('lxc: life and death', () => {
  it('answers ping from outside of the host, by IPv4 and IPv6', async () => {
    const prefix = labFile().serverPool6.split('::')[0]!;
    // As the kernel writes it: no leading zeros.
    const { hostname } = new URL(`http://[${prefix}:${(process.pid % 65_000).toString(16)}::1]`);
    const v6 = hostname.slice(1, -1);
    const first = kit().newSpec().addresses[0]!;
    const addresses = [first, { address: v6, family: 6 as const, prefix: 64 }];
    const { id } = await kit().started({ addresses });
    execFileSync('ping', ['-c', '1', '-W', '5', first.address]);
    execFileSync('ping', ['-6', '-c', '1', '-W', '5', v6]);
    expect(await kit().host('ip -6 neigh show proxy')).toContain(v6);
    await kit().runtime.destroy(id, { fence: 1 });
    expect(await kit().host('ip -6 neigh show proxy')).not.toContain(v6);
    expect(await traces(id)).toBe('');
  });

  it('moves to other addresses while running, and gives the old ones up', async () => {
    const { id, addresses } = await kit().started();
    const [old] = addresses;
    const [fresh] = kit().newSpec().addresses;
    await kit().runtime.setAddresses(id, [fresh!], { fence: 1 });
    execFileSync('ping', ['-c', '1', '-W', '5', fresh!.address]);
    expect(await kit().inside(id, 'ip addr show eth0')).not.toContain(`${old!.address}/`);
    expect(await kit().host('ip route')).not.toContain(`${old!.address} `);
    expect(await kit().host('nft list table inet berth')).not.toContain(`${old!.address} `);
  });

  it('leaves nothing behind when it is destroyed, quota group included', async () => {
    const { id } = await kit().started();
    expect((await traces(id)).split('\n').length).toBeGreaterThan(8);
    await kit().runtime.destroy(id, { fence: 1 });
    expect(await traces(id)).toBe('');
    const group = `1/${id.slice(2)}`;
    await kit().until(
      'the quota group goes',
      async () => !(await kit().host('btrfs qgroup show /var/lib/berth')).includes(`${group} `),
      90_000,
    );
  });

  it('goes on running through `reboot` typed inside, and is plugged again', async () => {
    const { id, addresses } = await kit().started();
    const before = (await kit().runtime.inspect(id))?.pid;
    const seen = new Set<string | null>();
    await kit().runtime.exec(id, ['reboot'], { timeoutMs: 5000 });
    await kit().until('init is another', async () => {
      seen.add(await stateOf(id));
      const pid = (await kit().runtime.inspect(id))?.pid;
      return typeof pid === 'number' && pid !== before;
    });
    expect([...seen]).toEqual(['running']);
    await kit().host(`ping -c 1 -W 5 ${addresses[0]!.address}`);
    await kit().inside(id, 'ip addr show eth0');
  });

  it('stops by `poweroff` typed inside, leaving no route behind, and starts again', async () => {
    const { id } = await kit().started();
    await kit().runtime.exec(id, ['poweroff'], { timeoutMs: 5000 });
    await kit().until('it is stopped', async () => (await stateOf(id)) === 'stopped');
    await kit().until('it is unplugged', async () => !/v-ct|lxc\./.test(await traces(id)));
    expect((await kit().runtime.inspect(id))?.state).toBe('stopped');
    await kit().runtime.start(id, { fence: 1 });
    expect(await stateOf(id)).toBe('running');
  });

  it('keeps its network when it is started again at once, each time', async () => {
    const { id, addresses } = await kit().started();
    for (let turn = 0; turn < 8; turn++) {
      await kit().runtime.exec(id, ['poweroff'], { timeoutMs: 5000 });
      await kit().runtime.kill(id, { fence: 1 });
      await kit().runtime.start(id, { fence: 1 });
      await kit().host(`ping -q -c 1 -W 2 ${addresses[0]!.address}`);
    }
    // What the container itself sends passes too: the end of the run before has not taken its permission away.
    await kit().inside(id, `ping -c 1 -W 2 ${labFile().subnet4.replace(/\.0\/.*/, '.1')}`);
  });

  it('plugs the network again where the tenant has deleted it', async () => {
    const { id, addresses } = await kit().started();
    await kit().inside(id, 'ip link delete eth0');
    await kit().runtime.start(id, { fence: 1 });
    await kit().host(`ping -q -c 1 -W 2 ${addresses[0]!.address}`);
    await kit().runtime.stop(id, { fence: 1, timeoutMs: 10_000 });
    expect(await kit().host(`ip route | grep -w v-${id} || true`)).toBe('');
  });

  it('bears a burst: twenty at a time', async () => {
    const before = performance.now();
    const specs = await Promise.all(Array.from({ length: 20 }, () => kit().started()));
    console.info(`twenty servers at a time: ${(performance.now() - before).toFixed(0)} ms`);
    const running = (await kit().runtime.snapshotHost()).containers.filter(
      ({ state }) => state === 'running',
    );
    expect(running.map(({ id }) => id)).toEqual(expect.arrayContaining(specs.map(({ id }) => id)));
    await kit().host(specs.map(({ addresses }) => `ping -q -c 1 -W 2 ${addresses[0]!.address}`).join('\n'));
    await Promise.all(specs.map(({ id }) => kit().runtime.destroy(id, { fence: 1 })));
    for (const { id } of specs) expect(await traces(id)).toBe('');
  });

  it('kills what does not shut down in time, and says so', async () => {
    const { id } = await kit().started();
    // No init is left to ask: a frozen one doesn't answer.
    await kit().host(`kill -STOP ${(await kit().runtime.inspect(id))?.pid}`);
    expect(await kit().runtime.stop(id, { fence: 1, timeoutMs: 500 })).toBe('killed');
    expect(await stateOf(id)).toBe('stopped');
  });

  it('recovers from the loss of its monitor', async () => {
    const { id } = await kit().started();
    await kit().host(`pkill -KILL -f '^[[]lxc monitor[]] /var/lib/berth/containers ${id}$'`);
    expect(await stateOf(id)).toBe('running');
    await kit().runtime.kill(id, { fence: 1 });
    expect(await stateOf(id)).toBe('stopped');
    await kit().runtime.start(id, { fence: 1 });
    expect(await kit().inside(id, 'echo alive')).toBe('alive\n');
  });

  it('completes, after a death at any moment, what was begun', async () => {
    const spec = kit().newSpec({ sshKeys: [], rootPassword: 'secret' });
    kit().adopt(spec.id);
    const { runtime } = kit();
    const steps: (() => Promise<unknown>)[] = [
      () => runtime.create(spec, { fence: 1, signal }),
      () => runtime.start(spec.id, { fence: 1, signal }),
      () => runtime.destroy(spec.id, { fence: 1, signal }),
    ];
    let signal: AbortSignal | undefined;
    for (let delayMs = 3; delayMs < 110; delayMs += 9) {
      for (const step of steps) {
        signal = AbortSignal.timeout(delayMs);
        await step().catch((error: { code?: string }) => {
          if (error.code !== 'aborted') throw error;
        });
        signal = undefined;
        await step();
      }
      expect(await traces(spec.id)).toBe('');
    }
  });

  it('waits for a lock that is held, and holds none when it is done', async () => {
    const { id } = await kit().started();
    await kit().host(`flock -n /run/berth/locks/${id} true`);
    const holder = kit().connection.script(
      `exec 9>>/run/berth/locks/${id}; flock 9; echo held >&2; sleep 1`,
      {
        action: 'hold the lock',
      },
    );
    await kit().until('the lock is held', async () =>
      (await kit().host(`flock -n /run/berth/locks/${id} echo free || echo held`)).includes('held'),
    );
    await kit().runtime.setHostname(id, 'after-the-lock', { fence: 1 });
    await holder;
  });

  it('waits without a process also where a script of before a power loss has left a file in its pipe’s place', async () => {
    await kit().host('rm -f /run/berth/silence && echo left >/run/berth/silence');
    const { id } = await kit().started();
    await kit().runtime.stop(id, { fence: 1, timeoutMs: 10_000 });
    await kit().host('rm -f /run/berth/silence && echo left >/run/berth/silence');
    await kit().runtime.prepareHost();
    expect(await kit().host('stat -c %F /run/berth/silence*')).toBe('fifo\n');
  });

  it('says so where the template is not a root file system', async () => {
    const { Readable } = await import('node:stream');
    const { createHash } = await import('node:crypto');
    const junk = Buffer.from('no tarball at all');
    const sha256 = createHash('sha256').update(junk).digest('hex');
    const attempt = kit().runtime.ensureTemplate({ sha256, compression: 'none' }, async () =>
      Readable.from([junk]),
    );
    await expectCode(attempt, 'template_corrupt');
    expect(await kit().host('ls -A /var/lib/berth/templates')).not.toContain(sha256);
  });
});
