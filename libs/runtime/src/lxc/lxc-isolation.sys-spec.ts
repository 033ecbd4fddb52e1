import { KEY, expectCode } from '../conformance/conformance-suite';
import { labFile } from '../testing/lab-hosts';
import { useLxcKit } from './lxc-test-kit';

const kit = useLxcKit();

/** Echo requests that a guest's kernel has received, by ICMP or ICMPv6. */
const echoesSeen = async (id: string, version: 4 | 6) =>
  version === 4
    ? Number((await kit().inside(id, "awk '/^Icmp:/ && $2 ~ /^[0-9]/ { print $10 }' /proc/net/snmp")).trim())
    : Number((await kit().inside(id, 'awk \'$1 == "Icmp6InEchos" { print $2 }\' /proc/net/snmp6')).trim());

describe('lxc: isolation', () => {
  it.each([4, 6] as const)(
    'drops IPv%s packets from an address that is not its own, and passes its own',
    async (version) => {
      const base = labFile().serverPool6.split('::')[0]!;
      const net = (process.pid % 30_000) * 2;
      const withV6 = (n: number) => [
        ...kit().newSpec().addresses,
        { address: `${base}:${(net + n).toString(16)}::1`, family: 6 as const, prefix: 64 },
      ];
      const attacker = await kit().started({ addresses: withV6(0) });
      const victim = await kit().started({ addresses: withV6(1) });
      const target = victim.addresses[version === 4 ? 0 : 1]!.address;
      const forged = version === 4 ? '203.0.113.9' : `${base}:ffff::9`;
      await kit().inside(attacker.id, `ping -${version} -c 2 -W 5 ${target}`);
      const before = await echoesSeen(victim.id, version);
      expect(before).toBeGreaterThanOrEqual(2);
      await kit().inside(attacker.id, `ip addr add ${forged}/${version === 4 ? 32 : 128} dev eth0`);
      await kit().until('the forged address is usable', async () => {
        const result = await kit().runtime.exec(
          attacker.id,
          ['ping', `-${version}`, '-c', '3', '-W', '1', '-I', forged, target],
          { timeoutMs: 10_000 },
        );
        return !/assign|bind/i.test(result.stderr);
      });
      const dropped = await kit().host("nft list chain inet berth guest | grep 'counter packets'");
      expect(Number(/packets (\d+)/.exec(dropped)?.[1])).toBeGreaterThanOrEqual(3);
      expect(await echoesSeen(victim.id, version)).toBe(before);
      await kit().inside(attacker.id, `ping -${version} -c 1 -W 5 ${target}`);
      expect(await echoesSeen(victim.id, version)).toBe(before + 1);
    },
  );

  it('shows a container nothing of its neighbours’ traffic', async () => {
    const [one, two, listener] = [await kit().started(), await kit().started(), await kit().started()];
    const received = async () =>
      Number(await kit().inside(listener.id, 'cat /sys/class/net/eth0/statistics/rx_packets'));
    const before = await received();
    await kit().inside(one.id, `ping -c 30 -i 0.01 -W 5 ${two.addresses[0]!.address}`);
    expect((await received()) - before).toBeLessThan(10);
  });

  it('lets a container reach no service of the host, and the host the container’s', async () => {
    const { id, addresses } = await kit().started();
    const hostAddress = (await kit().host("ip -4 -o addr show scope global | awk '{ print $4; exit }'"))
      .split('/')[0]!
      .trim();
    const connect = (to: string, port: number) =>
      kit().runtime.exec(id, ['sh', '-c', `nc -w 2 ${to} ${port} </dev/null`], { timeoutMs: 20_000 });
    await kit().host(`exec 3<>/dev/tcp/${hostAddress}/22; read -r -t 10 -u 3 line; [[ $line == SSH* ]]`);
    for (const to of [hostAddress, '169.254.0.1']) {
      const answer = await connect(to, 22);
      expect(answer.stdout).not.toContain('SSH');
      expect(answer.exitCode).not.toBe(0);
      expect(await kit().inside(id, `ping -c 1 -W 5 ${to}`)).toContain('1 packets received');
    }
    // What an operator permits, and connections that the host begins.
    await kit().host('nft add element inet berth guests_may_reach { tcp . 22 }');
    try {
      expect((await connect(hostAddress, 22)).stdout).toContain('SSH');
    } finally {
      await kit().host('nft delete element inet berth guests_may_reach { tcp . 22 }');
    }
    const serve = kit().runtime.exec(id, ['sh', '-c', 'echo hello | nc -l -p 8080'], { timeoutMs: 20_000 });
    await kit().until('it listens', async () =>
      (await kit().inside(id, 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null')).includes(':1F90'),
    );
    const from = addresses[0]!.address;
    expect(await kit().host(`exec 3<>/dev/tcp/${from}/8080; read -r -t 10 -u 3 line; echo $line`)).toBe(
      'hello\n',
    );
    await serve;
  });

  it('shows a container its own memory, processes and name only', async () => {
    const { id, hostname } = await kit().started();
    expect(await kit().inside(id, 'head -n 1 /proc/meminfo')).toMatch(/MemTotal: +131072 kB/);
    expect(Number(await kit().inside(id, 'ls -d /proc/[0-9]* | wc -l'))).toBeLessThan(12);
    expect(await kit().inside(id, 'hostname')).toBe(`${hostname}\n`);
  });

  it('runs as an unprivileged range of ids on the host', async () => {
    const { id, idBase } = await kit().started();
    const pid = (await kit().runtime.inspect(id))?.pid;
    expect(await kit().host(`awk '/^Uid:/ { print $2 }' /proc/${pid}/status`)).toBe(`${idBase}\n`);
    expect(await kit().inside(id, 'touch /mine && stat -c %u /mine')).toBe('0\n');
    expect(await kit().host(`stat -c %u /var/lib/berth/containers/${id}/rootfs/mine`)).toBe('0\n');
    await expect(kit().inside(id, 'mknod /sda b 8 0')).rejects.toThrow();
    await expect(kit().inside(id, 'echo 1 >/proc/sys/kernel/panic')).rejects.toThrow();
  });

  it('keeps its files from the host’s other users', async () => {
    const { id } = await kit().created();
    const asNobody = `setpriv --reuid 65534 --regid 65534 --clear-groups ls /var/lib/berth/containers/${id}/rootfs`;
    await expectCode(kit().connection.script(asNobody, { action: 'look' }), 'command_failed');
  });

  describe('against links planted by a tenant', () => {
    const victim = () => `/var/tmp/berth-victim-${process.pid}`;
    beforeEach(() => kit().host(`mkdir -p ${victim()}; echo untouched >${victim()}/file`));
    afterEach(() => kit().host(`rm -rf ${victim()}`));
    const untouched = async () => {
      expect(await kit().host(`ls ${victim()}; cat ${victim()}/file`)).toBe('file\nuntouched\n');
    };

    it.each([
      ['a directory of keys', (to: string) => `rm -rf /root/.ssh && ln -s ${to} /root/.ssh`],
      ['root’s home', (to: string) => `rm -rf /root && ln -s ${to} /root`],
      ['a way up', (to: string) => `rm -rf /root && ln -s ../../../../../..${to} /root`],
    ])('refuses to follow %s out of the root', async (_what, plant) => {
      const { id } = await kit().started();
      await kit().inside(id, plant(victim()));
      await kit().runtime.kill(id, { fence: 1 });
      const error = await expectCode(kit().runtime.setSshKeys(id, [KEY], { fence: 1 }), 'command_failed');
      expect(error.message).toMatch(/root/);
      await untouched();
    });

    it.each(['stopped', 'running'])('replaces links by files while %s', async (state) => {
      const { id } = await kit().started();
      const files = [
        '/root/.ssh/authorized_keys',
        '/etc/hostname',
        '/etc/hosts',
        '/etc/resolv.conf',
        '/etc/shadow',
      ];
      const plant = files.map(
        (file) => `ln -sf ${victim()}/file ${file}; ln -sf ${victim()}/new ${file}.berth`,
      );
      await kit().inside(id, `mkdir -p /root/.ssh; ${plant.join('; ')}`);
      if (state === 'stopped') await kit().runtime.kill(id, { fence: 1 });
      const { runtime } = kit();
      await runtime.setSshKeys(id, [KEY], { fence: 1 });
      await runtime.setHostname(id, 'sound', { fence: 1 });
      await runtime.setDns(id, { nameservers: ['192.0.2.1'], search: [] }, { fence: 1 });
      await runtime.setRootPassword(id, 'secret', { fence: 1 });
      await untouched();
      await runtime.start(id, { fence: 1 });
      expect(await kit().inside(id, 'cat /root/.ssh/authorized_keys')).toContain(KEY);
    });
  });

  it('writes what it was given, whatever characters it holds', async () => {
    const comment = `$(touch /pwned) \`id\` ; ' " \\ && * !`;
    const key = `${KEY.split(' ').slice(0, 2).join(' ')} ${comment}`;
    const password = `$(touch /pwned)'"\\;\`id\` %s é`;
    const { id } = await kit().started({ sshKeys: [key], rootPassword: password });
    expect(await kit().inside(id, 'cat /root/.ssh/authorized_keys')).toBe(`${key}\n`);
    await kit().runtime.setSshKeys(id, [key, KEY], { fence: 1 });
    expect(await kit().inside(id, 'cat /root/.ssh/authorized_keys')).toBe(`${key}\n${KEY}\n`);
    expect(await kit().inside(id, 'stat -c %a /root/.ssh /root/.ssh/authorized_keys')).toBe('700\n600\n');
    const hashOf = async () => (await kit().inside(id, 'grep ^root: /etc/shadow')).split(':')[1]!;
    const [, , salt] = (await hashOf()).split('$');
    const expected = await kit().connection.script(`openssl passwd -6 -salt ${salt} -stdin`, {
      action: 'hash',
      input: `${password}\n`,
    });
    expect(await hashOf()).toBe(expected.trim());
    await kit().runtime.setRootPassword(id, 'another', { fence: 1 });
    expect(await hashOf()).not.toBe(expected.trim());
    expect(await kit().host('ls /')).not.toContain('pwned');
    expect(await kit().inside(id, 'ls /')).not.toContain('pwned');
  });

  it('keeps a password out of command lines and files', async () => {
    const password = `needle-${process.pid}`;
    const { id } = await kit().created({ rootPassword: password });
    const found = `grep -rlF ${password} /var/lib/berth/containers/${id} /run/berth || true`;
    expect(await kit().host(found)).toBe('');
  });

  it('passes exec arguments that look like options and shell', async () => {
    const { id } = await kit().started();
    const words = ['--help', '-n', 'x', '$(touch /pwned)', "'; touch /pwned; '", 'a\nb'];
    const result = await kit().runtime.exec(id, ['printf', '%s|', ...words], { timeoutMs: 5000 });
    expect(result.stdout).toBe(words.map((word) => `${word}|`).join(''));
    expect((await kit().runtime.exec(id, ['env'], { timeoutMs: 5000 })).stdout).not.toContain('SSH_');
    expect(await kit().host('ls /')).not.toContain('pwned');
  });

  it('ends with an exec what it started inside', async () => {
    const { id } = await kit().started();
    const attempt = kit().runtime.exec(id, ['sh', '-c', 'sleep 4321 & sleep 4321'], { timeoutMs: 500 });
    await expectCode(attempt, 'timeout');
    await kit().until('the processes are gone', async () =>
      (await kit().inside(id, "ps | grep '[s]leep 4321' || echo none")).startsWith('none'),
    );
  });
});
