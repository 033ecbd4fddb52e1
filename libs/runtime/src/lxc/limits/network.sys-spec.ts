import type { ContainerSpec } from '../../container-runtime';
import { openLxcHarness } from '../lxc-harness';
import { useLoadKit } from './load-kit';

const kit = useLoadKit();
const RATE = 10_000_000;

const bitsPerSecond = async (id: string, resource: 'netin' | 'netout') => {
  const window = await kit().window(2000);
  return (window.of(id, resource) * 8) / window.seconds;
};
/** Other load may slow it down for a while; nothing may let it be faster. */
async function expectRate(id: string, resource: 'netin' | 'netout', rate: number) {
  const { median, mean } = await kit().steady(rate * 0.9, rate * 1.1, () => bitsPerSecond(id, resource));
  expect(median).toBeGreaterThanOrEqual(rate * 0.9);
  expect(median).toBeLessThanOrEqual(rate * 1.1);
  expect(mean).toBeLessThanOrEqual(rate * 1.1);
}
/**
 * BBR, the default of some machines, sends next to nothing for 0.2 s every few seconds, to measure its path: up to a
 * fifth of a window of 2 s. Reno fills whatever the limit lets through.
 */
const CONGESTION_CONTROL = '/proc/sys/net/ipv4/tcp_congestion_control';
let before: string;
beforeAll(async () => {
  before = await kit().host(`cat ${CONGESTION_CONTROL}; echo reno >${CONGESTION_CONTROL}`);
});
afterAll(async () => {
  if (before)
    await openLxcHarness().then(async (harness) => {
      await harness.host(`echo ${before.trim()} >${CONGESTION_CONTROL}`);
      await harness.close();
    });
});
/** A stream between the host and the container, as fast as it goes, in both directions or one of them. */
async function stream({ id, addresses }: ContainerSpec, way: 'in' | 'out') {
  const port = way === 'in' ? 8081 : 8082;
  await kit().inside(id, `echo reno >${CONGESTION_CONTROL}`);
  await kit().background(
    id,
    `while :; do nc -l -p ${port} ${way === 'in' ? '>/dev/null' : '</dev/zero'}; done`,
  );
  await kit().until('it listens', async () =>
    (await kit().inside(id, 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null')).includes(
      `:${port.toString(16).toUpperCase()}`,
    ),
  );
  const to = `/dev/tcp/${addresses[0]!.address}/${port}`;
  const copy = way === 'in' ? `exec cat /dev/zero >${to}` : `exec cat <${to} >/dev/null`;
  await kit().host(`setsid bash -c '${copy}' </dev/null >/dev/null 2>&1 &`);
}

describe('lxc: network rates under load', () => {
  it.each(['in', 'out'] as const)('%s: holds, changes live, and holds after a restart', async (way) => {
    const limit = `net_rate_${way}_bps` as const;
    const resource = `net${way}` as const;
    const spec = await kit().started({ limits: { [limit]: RATE } });
    await stream(spec, way);
    await expectRate(spec.id, resource, RATE);
    await kit().runtime.applyLimits(spec.id, { [limit]: RATE / 2 }, { fence: 2 });
    await expectRate(spec.id, resource, RATE / 2);
    await kit().runtime.applyLimits(spec.id, { [limit]: null }, { fence: 2 });
    const free = await kit().settle(RATE * 2, Infinity, () => bitsPerSecond(spec.id, resource));
    expect(free.at(-1)).toBeGreaterThan(RATE * 2);
    await kit().runtime.applyLimits(spec.id, { [limit]: RATE }, { fence: 2 });
    await kit().runtime.kill(spec.id, { fence: 2 });
    await kit().runtime.start(spec.id, { fence: 2 });
    await stream(spec, way);
    await expectRate(spec.id, resource, RATE);
  });

  it('both at once, and nobody can send with another’s address through the detour', async () => {
    const limits = { net_rate_in_bps: RATE, net_rate_out_bps: RATE };
    const [spec, victim] = [await kit().started({ limits }), await kit().started()];
    await stream(spec, 'in');
    await stream(spec, 'out');
    await expectRate(spec.id, 'netin', RATE);
    await expectRate(spec.id, 'netout', RATE);
    await kit().inside(spec.id, 'ip addr add 203.0.113.9/32 dev eth0');
    const before = (await kit().counters(victim.id)).netin.held;
    const ping = [
      'ping',
      '-c',
      '5',
      '-i',
      '0.1',
      '-W',
      '1',
      '-s',
      '1000',
      '-I',
      '203.0.113.9',
      victim.addresses[0]!.address,
    ];
    const result = await kit().runtime.exec(spec.id, ping, { timeoutMs: 30_000 });
    expect(result.exitCode).not.toBe(0);
    expect((await kit().counters(victim.id)).netin.held - before).toBeLessThan(2000);
    await kit().runtime.destroy(spec.id, { fence: 2 });
    expect(await kit().host(`ls /sys/class/net | grep -c ${spec.id} || true`)).toBe('0\n');
  });

  it('several addresses, a route with an MTU of its own, and rules of its own inside', async () => {
    const [a, b] = [kit().newSpec().addresses[0]!, kit().newSpec().addresses[0]!];
    const { id } = await kit().started({ addresses: [a] });
    const ping = (address: string) =>
      kit().host(`ping -q -c 2 -W 2 ${address} >/dev/null && echo yes || echo no`);
    expect([await ping(a.address), await ping(b.address)]).toEqual(['yes\n', 'no\n']);
    await kit().runtime.setAddresses(id, [a, b], { fence: 2 });
    expect([await ping(a.address), await ping(b.address)]).toEqual(['yes\n', 'yes\n']);
    await kit().inside(id, 'ip route add 198.51.100.0/24 via 169.254.0.1 dev eth0 mtu 1280');
    const pid = (await kit().runtime.inspect(id))?.pid;
    // The guest is too small to have these tools; its own root runs them.
    const inside = (line: string) => kit().host(`nsenter -t ${pid} -U -n ${line}`);
    expect(await inside('ip route get 198.51.100.7')).toMatch(/via 169\.254\.0\.1 .*mtu 1280/s);
    await inside('nft add table inet own');
    await inside("nft add chain inet own input '{ type filter hook input priority 0 ; }'");
    await inside(`nft add rule inet own input ip daddr ${b.address} icmp type echo-request drop`);
    expect([await ping(a.address), await ping(b.address)]).toEqual(['yes\n', 'no\n']);
    await inside('nft delete table inet own');
    expect([await ping(a.address), await ping(b.address)]).toEqual(['yes\n', 'yes\n']);
    await kit().runtime.setAddresses(id, [a], { fence: 2 });
    expect([await ping(a.address), await ping(b.address)]).toEqual(['yes\n', 'no\n']);
  });
});
