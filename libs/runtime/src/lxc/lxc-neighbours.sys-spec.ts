import type { ContainerSpec } from '../container-runtime';
import { labFile } from '../testing/lab-hosts';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();

/** Echo requests that a guest's kernel has received, by ICMP and ICMPv6 together. */
const echoes = async (id: string) =>
  Number(
    await kit().inside(
      id,
      `awk '/^Icmp:/ && $2 ~ /^[0-9]/ { n += $10 } $1 == "Icmp6InEchos" { n += $2 } END { print n }' \\
        /proc/net/snmp /proc/net/snmp6`,
    ),
  );
const base = () => labFile().serverPool6.split('::')[0]!;
let net = (process.pid % 20_000) * 3;
/** A server with an IPv4 address and a /64. */
const startBoth = () =>
  kit().started({
    addresses: [
      ...kit().newSpec().addresses,
      { address: `${base()}:${(net++).toString(16)}::1`, family: 6, prefix: 64 },
    ],
  });
const address = ({ addresses }: ContainerSpec, version: 4 | 6) => addresses[version === 4 ? 0 : 1]!.address;
const ping = async (id: string, version: 4 | 6, ...args: string[]) =>
  (
    await kit().runtime.exec(id, ['ping', `-${version}`, '-c', '3', '-W', '2', ...args], {
      timeoutMs: 20_000,
    })
  ).exitCode === 0;
const connects = async (id: string, to: string, port: number) =>
  (
    await kit().runtime.exec(id, ['sh', '-c', `nc -w 3 ${to} ${port} </dev/null`], { timeoutMs: 20_000 })
  ).stdout.includes('SSH');

describe('lxc: neighbours on one host', () => {
  it.each([4, 6] as const)(
    'taking a neighbour’s IPv%s address and announcing it gets neither its traffic nor a word out in its name',
    async (version) => {
      const [thief, victim, peer] = [await startBoth(), await startBoth(), await startBoth()];
      const stolen = address(victim, version);
      expect(await ping(peer.id, version, stolen)).toBe(true);
      const [before, thiefBefore] = [await echoes(victim.id), await echoes(thief.id)];
      // With these the kernel itself sends gratuitous ARP and unsolicited neighbour advertisements when the link comes up.
      await kit().inside(
        thief.id,
        `echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_notify; echo 1 >/proc/sys/net/ipv6/conf/eth0/ndisc_notify
         echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
         ip addr add ${stolen}/${version === 4 ? 32 : 128} dev eth0
         ip link set eth0 down; ip link set eth0 up
         ip route replace 169.254.0.1 dev eth0; ip route replace default via 169.254.0.1 dev eth0
         ip -6 route replace default via fe80::1 dev eth0 || true`,
      );
      expect(await ping(peer.id, version, stolen)).toBe(true);
      await kit().host(`ping -${version} -q -c 3 -W 2 ${stolen}`);
      expect((await echoes(victim.id)) - before).toBe(6);
      expect(await echoes(thief.id)).toBe(thiefBefore);
      const peerBefore = await echoes(peer.id);
      expect(await ping(thief.id, version, '-I', stolen, address(peer, version))).toBe(false);
      expect(await echoes(peer.id)).toBe(peerBefore);
    },
  );

  it('a capture in promiscuous mode shows a server its own traffic and nothing of its neighbours’', async () => {
    const [one, two, listener] = [await startBoth(), await startBoth(), await startBoth()];
    const pid = (await kit().runtime.inspect(listener.id))!.pid!;
    // The guest is too small to have a capture tool; its own root runs this one, in its network.
    const program = `
      use Socket; $| = 1;
      socket(my $s, 17, SOCK_RAW, 768) or die $!; # AF_PACKET, ETH_P_ALL
      print "ready\\n"; local $SIG{ALRM} = sub { exit }; alarm 20;
      while (defined recv($s, my $frame, 65536, 0)) { my $hex = unpack("H*", $frame); print "$hex\\n"; exit if $hex =~ /(e5d){8}/ }`;
    const out = `/run/berth/log/${listener.id}.capture`;
    await kit().inside(listener.id, 'ip link set eth0 promisc on');
    await kit().host(
      `setsid nsenter -t ${pid} -U -n perl -e '${program}' </dev/null >${out} 2>&1 & disown
       for i in $(seq 500); do grep -q ready ${out} && exit 0; read -r -t 0.02 <> <(:) || true; done; cat ${out} >&2; exit 1`,
    );
    try {
      for (const version of [4, 6] as const) {
        await kit().host(
          `ping -${version} -q -c 5 -i 0.05 -W 2 -p beadfeed ${address(two, version)} >/dev/null`,
        );
        expect(await ping(one.id, version, address(two, version))).toBe(true);
        expect(await ping(one.id, version, address(listener, version))).toBe(true);
      }
      await kit().host(`ping -q -c 1 -W 2 -s 200 -p e5de5d ${address(listener, 4)} >/dev/null`);
      await kit().until('the capture has ended', async () =>
        (await kit().host(`tail -n 1 ${out}`)).includes('e5d'.repeat(8)),
      );
      const frames = await kit().host(`cat ${out}`);
      const hex = (spec: ContainerSpec) =>
        address(spec, 4)
          .split('.')
          .map((part) => Number(part).toString(16).padStart(2, '0'))
          .join('');
      expect(frames).toContain(`${hex(one)}${hex(listener)}`);
      expect(frames).not.toContain('beadfeed');
      expect(frames).not.toContain(hex(two));
    } finally {
      await kit().host(`rm -f ${out}`);
    }
  });

  it('cannot reach the host’s SSH by IPv6 either', async () => {
    const { id } = await startBoth();
    const own = (
      await kit().host('ip -6 -o addr show scope global | awk \'{ sub(/\\/.*/, "", $4); print $4; exit }\'')
    ).trim();
    await kit().host(`exec 3<>/dev/tcp/${own}/22; read -r -t 10 -u 3 line; [[ $line == SSH* ]]`);
    expect(await connects(id, own, 22)).toBe(false);
    expect(await connects(id, 'fe80::1%eth0', 22)).toBe(false);
    expect(await ping(id, 6, own)).toBe(true);
    await kit().host('nft add element inet berth guests_may_reach { tcp . 22 }');
    try {
      expect(await connects(id, own, 22)).toBe(true);
    } finally {
      await kit().host('nft delete element inet berth guests_may_reach { tcp . 22 }');
    }
  });

  it('a rule of the host between two servers holds, and for these two alone', async () => {
    const [one, two, other] = [await startBoth(), await startBoth(), await startBoth()];
    await kit().inside(
      two.id,
      "setsid sh -c 'while :; do echo SSH | nc -l -p 8080; done' </dev/null >/dev/null 2>&1 &",
    );
    const reach = async (from: string) => ({
      v4: await ping(from, 4, address(two, 4)),
      v6: await ping(from, 6, address(two, 6)),
      tcp: await connects(from, address(two, 4), 8080),
    });
    expect(await reach(one.id)).toEqual({ v4: true, v6: true, tcp: true });
    await kit().host(
      `nft add table inet own; nft add chain inet own forward '{ type filter hook forward priority 0; }'
       nft add rule inet own forward iifname v-${one.id} oifname v-${two.id} drop`,
    );
    try {
      expect(await reach(one.id)).toEqual({ v4: false, v6: false, tcp: false });
      expect(await reach(other.id)).toEqual({ v4: true, v6: true, tcp: true });
    } finally {
      await kit().host('nft delete table inet own');
    }
  });
});
