import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab } from '@berth/lab';
import { StackUnderTest } from '@berth/stack';
import { eventually } from '@berth/testing';
import { BerthClient, type ServerView } from './berth-client';
import { addressOf, makeKey, pings, ssh } from './outside';

jest.setTimeout(180_000);

/** A server's whole life through HTTP alone, on lab hosts, with nothing of the code in between. */
describe('a server, from its order to its end', () => {
  const dir = mkdtempSync(join(process.env.BERTH_TEST_RUN_DIR ?? tmpdir(), 'life-'));
  const stack = new StackUnderTest(join(dir, 'stack'));
  let customer: BerthClient;
  let operator: BerthClient;
  let key: { path: string; publicKey: string };

  beforeAll(async () => {
    key = await makeKey(dir, 'customer');
    const { code, output } = await stack.command('start', '--detach', '--no-demo', '--hosts', '2');
    if (code !== 0) throw new Error(output);
    const { apiUrl, tokens } = stack.content();
    customer = new BerthClient(apiUrl, tokens.customer);
    operator = new BerthClient(apiUrl, tokens.operator);
  });
  afterAll(async () => {
    await stack.command('stop');
    rmSync(dir, { recursive: true, force: true });
  });

  const remove = async (server: ServerView) => {
    const { operation } = await customer.ask<{ operation: { id: string } }>(
      'DELETE',
      `/v1/servers/${server.id}`,
    );
    await customer.done(operation.id);
  };

  it.each(['debian-12', 'debian-13'])(
    'a %s answers ping and ssh with the ordered key, on IPv4 and IPv6',
    async (template) => {
      const { server } = await customer.running({
        name: `life-${template}`,
        template,
        plan: 'micro',
        ssh_keys: [key.publicKey],
      });
      expect(server.status).toBe('running');
      expect(await pings(addressOf(server))).toBe(true);
      expect(
        await ssh(addressOf(server), key.path, '. /etc/os-release; echo $ID-$VERSION_ID; hostname'),
      ).toBe(`${template}\nlife-${template}\n`);
      expect(await pings(addressOf(server, 6))).toBe(true);
      // A guest that boots to the end: no unit failed.
      const settled = await eventually(
        'the end of the boot',
        async () => {
          const { stdout } = await customer.exec(server.id, ['systemctl', 'is-system-running']);
          return ['running', 'degraded'].includes(stdout.trim()) ? stdout.trim() : null;
        },
        { timeoutMs: 60_000, intervalMs: 200 },
      );
      const { stdout: failed } = await customer.exec(server.id, [
        'systemctl',
        '--failed',
        '--no-legend',
        '--plain',
      ]);
      expect({ settled, failed }).toEqual({ settled: 'running', failed: '' });
      await remove(server);
      expect(await pings(addressOf(server))).toBe(false);
      expect((await customer.call('GET', `/v1/servers/${server.id}`)).status).toBe(404);
    },
  );

  it('gives a root password once, which opens the server, and resets it', async () => {
    const ordered = await customer.running({ name: 'password', template: 'debian-12', plan: 'micro' });
    expect(ordered.root_password).toMatch(/^[\x21-\x7e]{12,}$/);
    const matches = async (password: string) => {
      const perl = 'my $h = (getpwnam "root")[1]; exit(crypt($ARGV[0], $h) eq $h ? 0 : 1)';
      return (await customer.exec(ordered.server.id, ['perl', '-e', perl, password])).exit_code === 0;
    };
    expect(await matches(ordered.root_password!)).toBe(true);
    expect(await matches('wrong-password')).toBe(false);
    const reset = await customer.act(ordered.server.id, 'reset_password');
    expect(await matches(reset.root_password as string)).toBe(true);
    await remove(ordered.server);
  });

  it('starts, stops, restarts, kills; the address follows', async () => {
    const { server } = await customer.running({ name: 'power' });
    for (const [verb, status] of [
      ['stop', 'stopped'],
      ['start', 'running'],
      ['restart', 'running'],
      ['kill', 'stopped'],
      ['start', 'running'],
    ] as const) {
      await customer.act(server.id, verb);
      expect((await customer.server(server.id)).status).toBe(status);
      expect(await pings(addressOf(server))).toBe(status === 'running');
    }
    await remove(server);
  });

  it('renames a server inside and outside', async () => {
    const { server } = await customer.running({ name: 'old-name' });
    await customer.act(server.id, 'set_hostname', { hostname: 'new.example.org' });
    expect((await customer.exec(server.id, ['hostname'])).stdout).toBe('new.example.org\n');
    expect((await customer.server(server.id)).hostname).toBe('new.example.org');
    await remove(server);
  });

  it('runs commands as an argv: exit code, both streams, no shell in between', async () => {
    const { server } = await customer.running({ name: 'exec' });
    const awkward = `$(id) ; 'quoted' "double" \\ & | > * ~ #`;
    expect(await customer.exec(server.id, ['echo', awkward])).toEqual(
      expect.objectContaining({ exit_code: 0, stdout: `${awkward}\n`, stderr: '' }),
    );
    expect(await customer.exec(server.id, ['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual(
      expect.objectContaining({ exit_code: 7, stdout: 'out\n', stderr: 'err\n' }),
    );
    expect((await customer.exec(server.id, ['no-such-command'])).exit_code).toBe(127);
    const slow = await customer.call<{ error: { code: string } }>('POST', `/v1/servers/${server.id}/exec`, {
      command: ['sleep', '600'],
      timeout_s: 1,
    });
    expect([slow.status, slow.body.error.code]).toEqual([503, 'unavailable']);
    await eventually(
      'the end of the timed-out command',
      async () => !(await customer.exec(server.id, ['ps'])).stdout.includes('sleep 600'),
    );
    await customer.act(server.id, 'stop');
    const stopped = await customer.call<{ error: { code: string } }>(
      'POST',
      `/v1/servers/${server.id}/exec`,
      { command: ['true'] },
    );
    expect([stopped.status, stopped.body.error.code]).toEqual([409, 'conflict']);
    await remove(server);
  });

  it.each(['busybox', 'debian-12'])(
    'reboot and poweroff typed inside a %s do what they say, and the status follows',
    async (template) => {
      const { server } = await customer.running({
        name: 'inside',
        template,
        plan: 'micro',
        ssh_keys: [key.publicKey],
      });
      const bootOf = async () => (await customer.exec(server.id, ['stat', '-c', '%i %Z', '/proc/1'])).stdout;
      // While it still boots, systemd may refuse a shutdown (it would undo what the boot waits for), or not even answer.
      const booted = async () => {
        if (template === 'busybox') return;
        const hasBooted = async () => {
          const { stdout } = await customer.exec(server.id, ['systemctl', 'is-system-running']);
          return /^(running|degraded)\n$/.test(stdout);
        };
        await eventually('the end of the boot', hasBooted, { timeoutMs: 60_000, intervalMs: 100 });
      };
      await booted();
      const first = await bootOf();
      const mark = await customer.exec(server.id, ['touch', '/root/kept']);
      expect(mark.exit_code).toBe(0);
      await customer.call('POST', `/v1/servers/${server.id}/exec`, { command: ['reboot'], timeout_s: 5 });
      await eventually('another boot', async () => (await bootOf()) !== first, {
        timeoutMs: 60_000,
        intervalMs: 100,
      });
      await eventually('the address again', () => pings(addressOf(server)), { timeoutMs: 30_000 });
      expect((await customer.exec(server.id, ['ls', '/root/kept'])).exit_code).toBe(0);
      await customer.statusBecomes(server.id, 'running');
      await booted();
      await customer.call('POST', `/v1/servers/${server.id}/exec`, { command: ['poweroff'], timeout_s: 5 });
      await customer.statusBecomes(server.id, 'stopped', 60_000);
      expect(await pings(addressOf(server))).toBe(false);
      await customer.act(server.id, 'start');
      expect(await pings(addressOf(server))).toBe(true);
      await remove(server);
    },
  );

  it('after a crash and return of the host its servers run again, and those that were off stay off', async () => {
    const on = (await customer.running({ name: 'crash-on' })).server;
    const hostId = (await operator.server(on.id)).host_id!;
    const off = await (async () => {
      for (let n = 0; ; n++) {
        const { server } = await customer.running({ name: `crash-off-${n}` });
        if ((await operator.server(server.id)).host_id === hostId) return server;
      }
    })();
    await customer.act(off.id, 'stop');
    const host = stack.content().hosts.find(({ id }) => id === hostId)!;
    const lab = Lab.open(join(stack.stateDir, 'lab'));
    await lab.crash(host.name);
    expect(await pings(addressOf(on))).toBe(false);
    const hostIs = (reachable: boolean) => async () => {
      const { host: view } = await operator.ask<{ host: { reachable: boolean } }>(
        'GET',
        `/v1/hosts/${hostId}`,
      );
      return view.reachable === reachable;
    };
    await eventually('the host noticed as gone', hostIs(false), { timeoutMs: 60_000 });
    await lab.start(host.name);
    await eventually('the server answering again', () => pings(addressOf(on)), { timeoutMs: 60_000 });
    await customer.statusBecomes(on.id, 'running');
    await eventually('the host noticed as back', hostIs(true), { timeoutMs: 30_000 });
    expect((await customer.server(off.id)).status).toBe('stopped');
    expect(await pings(addressOf(off))).toBe(false);
  });
});
