import { describeSnapshots } from '../conformance/snapshot-suite';
import { MIB } from '../conformance/conformance-harness';
import { openLxcHarness } from './lxc-harness';
import { useLxcKit } from './lxc-test-kit';

describeSnapshots('lxc', () => openLxcHarness());

describe('lxc: snapshots', () => {
  const kit = useLxcKit();
  const one = { fence: 1 };
  const big = { limits: { ram_bytes: 256 * MIB, num_proc: 100, disk_bytes: 8192 * MIB } };
  const timed = async <T>(what: string, work: Promise<T>): Promise<number> => {
    const begin = performance.now();
    await work;
    const ms = performance.now() - begin;
    console.info(`${what}: ${ms.toFixed(0)} ms`);
    return ms;
  };

  it('of 5 GB, its rollback and its clone take less than a second each', async () => {
    const { runtime, inside, host } = kit();
    const { id } = await kit().started(big);
    await inside(
      id,
      'dd if=/dev/zero of=/root/big bs=1M count=5120 2>/dev/null; echo first >/root/file; sync',
    );
    await host('sync -f /var/lib/berth');
    const clone = kit().newSpec(big);
    kit().adopt(clone.id);
    expect(await timed('snapshot of 5 GB', runtime.createSnapshot(id, 'a', one))).toBeLessThan(1000);
    await inside(id, 'echo second >/root/file; rm /root/big; sync');
    expect(await timed('rollback of 5 GB', runtime.rollbackSnapshot(id, 'a', one))).toBeLessThan(1000);
    expect(await inside(id, 'cat /root/file; stat -c %s /root/big')).toBe(`first\n${5120 * MIB}\n`);
    const source = { id, snapshotId: 'a' };
    expect(await timed('clone of 5 GB', runtime.clone(source, clone, one))).toBeLessThan(1000);
    await runtime.start(clone.id, one);
    expect(await inside(clone.id, 'cat /root/file; stat -c %s /root/big')).toBe(`first\n${5120 * MIB}\n`);
    expect(await timed('deletion of 5 GB', runtime.deleteSnapshot(id, 'a', one))).toBeLessThan(1000);
  });

  it('tells what a snapshot holds alone, and leaves no quota group behind', async () => {
    const { runtime, inside, host } = kit();
    const { id } = await kit().started(big);
    await inside(id, 'dd if=/dev/urandom of=/root/twenty bs=1M count=20 2>/dev/null; sync');
    await runtime.createSnapshot(id, 'a', one);
    const shared = (await runtime.listSnapshots(id))[0]!;
    expect(shared.sizeBytes).toBeGreaterThan(20 * MIB);
    expect(shared.exclusiveBytes).toBeLessThan(2 * MIB);
    await inside(id, 'rm /root/twenty; sync');
    await host('sync -f /var/lib/berth');
    const [held] = await runtime.listSnapshots(id);
    expect(held!.exclusiveBytes).toBeGreaterThan(19 * MIB);
    expect(held!.exclusiveBytes).toBeLessThan(22 * MIB);
    await runtime.rollbackSnapshot(id, 'a', one);
    expect(await inside(id, 'stat -c %s /root/twenty')).toBe(`${20 * MIB}\n`);
    await runtime.deleteSnapshot(id, 'a', one);
    await runtime.destroy(id, one);
    await kit().until(
      'its subvolumes and groups go',
      async () =>
        !/stale|under deletion/.test(await host(`btrfs qgroup show /var/lib/berth | grep -v '^1/' || true`)),
      90_000,
    );
    expect(
      await host(
        `btrfs subvolume list /var/lib/berth | grep -w ${id} || true; ls -d /var/lib/berth/containers/${id} 2>/dev/null || true`,
      ),
    ).toBe('');
    await kit().until(
      'the group of the server goes',
      async () => !(await host('btrfs qgroup show /var/lib/berth')).includes(`1/${id.slice(2)} `),
      90_000,
    );
  });

  it('is whole before or whole after, wherever a rollback dies, and ends when it is called again', async () => {
    const { runtime, inside } = kit();
    const { id } = await kit().started();
    await inside(id, 'echo old >/root/file; sync');
    await runtime.createSnapshot(id, 'a', one);
    for (let delayMs = 20; delayMs < 400; delayMs += 37) {
      await inside(id, 'echo new >/root/file; sync');
      const attempt = runtime.rollbackSnapshot(id, 'a', { ...one, signal: AbortSignal.timeout(delayMs) });
      await attempt.catch((error: { code?: string }) => {
        if (error.code !== 'aborted') throw error;
      });
      expect(await runtime.rollbackSnapshot(id, 'a', one)).toBe('running');
      expect(await inside(id, 'cat /root/file')).toBe('old\n');
    }
  });

  it('keeps its disk limit over a rollback, also when it is full', async () => {
    const { runtime, inside } = kit();
    const { id } = await kit().started({
      limits: { disk_bytes: 60 * MIB, ram_bytes: 128 * MIB, num_proc: 100 },
    });
    await runtime.createSnapshot(id, 'a', one);
    const fill =
      'dd if=/dev/zero of=/root/fill bs=1M count=100 2>&1 | grep -c "No space\\|quota" || true; sync || true';
    await inside(id, fill);
    await runtime.rollbackSnapshot(id, 'a', one);
    const limit = `btrfs qgroup show -r --raw /var/lib/berth | awk '$1 == "1/${id.slice(2)}" { print $4 }'`;
    await kit().until(
      'it is limited again',
      async () => (await kit().host(limit)) === `${60 * MIB}\n`,
      60_000,
    );
    await inside(id, fill);
    const bytes = Number(await inside(id, 'stat -c %s /root/fill'));
    expect(bytes).toBeGreaterThan(20 * MIB);
    expect(bytes).toBeLessThanOrEqual(61 * MIB);
  });
});

describe('lxc: clones', () => {
  const kit = useLxcKit('debian-12');
  const one = { fence: 1 };

  it('have an identity of their own', async () => {
    const { runtime, inside } = kit();
    const limits = { ram_bytes: 512 * MIB, num_proc: 400, disk_bytes: 1024 * MIB };
    const { id } = await kit().started({ limits });
    const who =
      'cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /etc/ssh/ssh_host_ecdsa_key.pub /etc/hostname';
    await kit().until(
      'it has its keys',
      async () => (await runtime.exec(id, ['sh', '-c', who], { timeoutMs: 10_000 })).exitCode === 0,
    );
    await inside(id, 'echo mine >/root/mine');
    const spec = kit().newSpec({ limits, hostname: 'copy' });
    kit().adopt(spec.id);
    await runtime.clone({ id, snapshotId: null }, spec, { ...one, start: true });
    await kit().until(
      'it has a machine id',
      async () => (await inside(spec.id, 'cat /etc/machine-id')).length > 30,
    );
    const first = (await inside(id, who)).split('\n');
    const second = (await inside(spec.id, who)).split('\n');
    expect(second).toHaveLength(first.length);
    first.slice(0, 4).forEach((line, index) => expect(second[index]).not.toBe(line));
    expect(second[3]).toBe('copy');
    expect(await inside(spec.id, 'cat /root/mine; ls -ln /bin/su | cut -c1-4')).toBe('mine\n-rws\n');
    expect((await inside(id, who)).split('\n')).toEqual(first);
  });
});
