import { expectCode } from '../conformance/conformance-suite';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();
const fence = { fence: 2 };
const succeeds = async (id: string, line: string) =>
  (await kit().runtime.exec(id, ['sh', '-c', line], { timeoutMs: 20_000 })).exitCode === 0;
const has = async (name: string) => (await kit().runtime.inspectHost()).capabilities.includes(name as never);

async function reboot(id: string) {
  const { runtime } = kit();
  const old = (await runtime.inspect(id))?.pid;
  await runtime.exec(id, ['reboot', '-f'], { timeoutMs: 10_000 }).catch(() => undefined);
  await kit().until('init is another', async () => {
    const pid = (await runtime.inspect(id))?.pid;
    return Boolean(pid) && pid !== old;
  });
  await runtime.start(id, fence);
}

describe('lxc: features', () => {
  it.each([
    ['tun', '/dev/net/tun'],
    ['fuse', '/dev/fuse'],
  ] as const)('%s: off at first, on and off while it runs, and after restarts', async (feature, node) => {
    if (!(await has(`feature:${feature}`))) return;
    const { id } = await kit().started();
    const opens = () => succeeds(id, `[ -c ${node} ] && exec 3<>${node}`);
    expect(await opens()).toBe(false);
    expect(await succeeds(id, `ls ${node}`)).toBe(false);
    await kit().runtime.setFeatures(id, [feature], fence);
    expect(await opens()).toBe(true);
    await reboot(id);
    expect(await opens()).toBe(true);
    await kit().runtime.kill(id, fence);
    await kit().runtime.start(id, fence);
    expect(await opens()).toBe(true);
    // A node kept under another name is of no use any more.
    await kit().inside(id, `touch /kept && mount --bind ${node} /kept && exec 3<>/kept`);
    await kit().runtime.setFeatures(id, [], fence);
    expect(await succeeds(id, 'exec 3<>/kept')).toBe(false);
    expect(await succeeds(id, `ls ${node}`)).toBe(false);
    await reboot(id);
    expect(await opens()).toBe(false);
  });

  it('nesting: user namespaces inside, from the next start on', async () => {
    const { id } = await kit().started();
    const unshares = () => succeeds(id, 'unshare -U true');
    expect(await unshares()).toBe(false);
    await kit().runtime.setFeatures(id, ['nesting'], fence);
    await kit().runtime.kill(id, fence);
    await kit().runtime.start(id, fence);
    expect(await unshares()).toBe(true);
    expect(
      await succeeds(id, 'unshare -U -r -m -p -f sh -c "mount -t proc proc /proc && ls /proc/1/stat"'),
    ).toBe(true);
  });

  it('refuses what the kernel has not', async () => {
    if (await has('feature:ppp')) return;
    const { id } = await kit().created();
    const error = await expectCode(kit().runtime.setFeatures(id, ['ppp'], fence), 'unsupported');
    expect(error.details.capability).toBe('feature:ppp');
    const spec = kit().newSpec({ features: ['ppp'] });
    await expectCode(kit().runtime.create(spec, fence), 'unsupported');
    expect(await kit().runtime.inspect(spec.id)).toBeNull();
  });
});

describe('lxc: devices', () => {
  let node: string;
  beforeAll(async () => {
    node = (
      await kit().host(`
        for i in {0..15}; do [[ -e /dev/loop$i ]] || mknod /dev/loop$i b 7 $i; done
        truncate -s 1M /var/tmp/berth-disk
        printf 'disk of %s' test | dd of=/var/tmp/berth-disk conv=notrunc 2>/dev/null
        losetup -f --show /var/tmp/berth-disk`)
    ).trim();
  });
  afterAll(() => kit().host(`losetup -d ${node}; rm -f /var/tmp/berth-disk`));

  it('gives a disk to one container at a time, with the access that was named', async () => {
    const { id } = await kit().started();
    const other = await kit().created();
    const { runtime } = kit();
    const write = `[ -b ${node} ] && dd if=/dev/zero of=${node} bs=512 count=1 seek=100 conv=notrunc`;
    expect(await succeeds(id, `[ -b ${node} ] && head -c 1 ${node}`)).toBe(false);
    await runtime.setDevices(id, [{ device: node, access: 'r' }], fence);
    expect(await kit().inside(id, `head -c 12 ${node}`)).toBe('disk of test');
    expect(await succeeds(id, write)).toBe(false);
    await expectCode(runtime.setDevices(other.id, [{ device: node, access: 'rw' }], fence), 'device_in_use');
    await runtime.setDevices(id, [{ device: node, access: 'rw' }], fence);
    expect(await succeeds(id, write)).toBe(true);
    await runtime.kill(id, fence);
    await runtime.start(id, fence);
    expect(await succeeds(id, write)).toBe(true);
    expect((await runtime.inspect(id))?.devices).toEqual([{ device: node, access: 'rw' }]);
    await reboot(id);
    await kit().until('it is there after a reboot', () => succeeds(id, write));
    await runtime.setDevices(id, [], fence);
    expect(await succeeds(id, `[ -b ${node} ] && head -c 1 ${node}`)).toBe(false);
    await runtime.setDevices(other.id, [{ device: node, access: 'rw' }], fence);
  });

  it('refuses what is not there and what the host needs itself', async () => {
    const { id } = await kit().created();
    const attempt = (device: string) => kit().runtime.setDevices(id, [{ device, access: 'rw' }], fence);
    const uplink = (await kit().host("ip -4 route show default | awk '{ print $5 }'")).trim();
    const pool = (await kit().host('findmnt -n -o SOURCE -T /var/lib/berth')).trim();
    await expectCode(attempt('/dev/nothing'), 'device_missing');
    await expectCode(attempt('/dev/shm'), 'device_missing');
    await expectCode(attempt('nothing0'), 'device_missing');
    await expectCode(attempt('lo'), 'device_in_use');
    await expectCode(attempt(uplink), 'device_in_use');
    await expectCode(attempt(pool), 'device_in_use');
    expect((await kit().runtime.inspect(id))?.devices).toEqual([]);
  });

  it('moves a network interface in, and back when taken away and when the container ends', async () => {
    const nic = `bt${process.pid}`;
    await kit().host(`ip link add ${nic} type veth peer name ${nic}p`);
    try {
      const { id } = await kit().started();
      const onHost = () => kit().host(`[[ ! -e /sys/class/net/${nic} ]] || echo yes`);
      const inside = () => succeeds(id, `ls -d /sys/class/net/${nic}`);
      const devices = [{ device: nic, access: 'rw' as const }];
      await kit().runtime.setDevices(id, devices, fence);
      expect([await inside(), await onHost()]).toEqual([true, '']);
      await kit().runtime.setDevices(id, [], fence);
      expect([await inside(), await onHost()]).toEqual([false, 'yes\n']);
      await kit().runtime.setDevices(id, devices, fence);
      await reboot(id);
      expect([await inside(), await onHost()]).toEqual([true, '']);
      await kit().runtime.kill(id, fence);
      expect(await onHost()).toBe('yes\n');
    } finally {
      await kit().host(`ip link delete ${nic}`);
    }
  });
});
